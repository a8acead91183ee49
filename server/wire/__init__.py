"""What client and server say to each other, and the client. The add-on carries a copy.

Standard library, numpy and pyzmq (`client`, `link`) only; importing the package loads none of them.
"""
