"""What time is it, who acts, what happens next even if we crash?"""
