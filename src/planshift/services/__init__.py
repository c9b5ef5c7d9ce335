"""Who has what, until when?"""
