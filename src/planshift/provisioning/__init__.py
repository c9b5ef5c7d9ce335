"""What must the machines do?"""
