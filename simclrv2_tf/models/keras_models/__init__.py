"""Networks of Keras and of users as backbones and supervised networks."""
