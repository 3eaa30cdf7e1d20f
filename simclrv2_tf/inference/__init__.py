"""A network over a data set: embed, predict, evaluate, export."""
