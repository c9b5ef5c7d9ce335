"""What did we promise to do, step by step?"""
