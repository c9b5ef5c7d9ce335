"""What is owed, on which paper?"""
