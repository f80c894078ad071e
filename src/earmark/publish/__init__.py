"""What leaves the house: pictures of sound."""
