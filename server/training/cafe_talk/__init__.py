"""Training of the generator `cafe_talk`."""
