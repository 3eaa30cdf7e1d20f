"""`python -m simclrv2_tf.hub` lists the published models."""

from simclrv2_tf.hub.catalogue import table

print(table())
