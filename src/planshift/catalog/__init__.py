"""What do we sell, under which policy?"""
