"""Where is the money?"""
