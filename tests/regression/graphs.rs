//! A stack of layers and the same network as a graph.
