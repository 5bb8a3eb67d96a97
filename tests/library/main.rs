//! Tests of the public interface, one file per theme. Random cases are the same on every run, unless `PLICA_CASES` asks for new ones.

mod complex;
mod contract;
mod convexity;
mod crossing;
mod degenerate;
mod graph_complexes;
mod graphs;
mod layers;
mod measure;
mod polytopes;
mod programs;
mod smooth;
mod smooth_arithmetic;
mod smooth_edges;
mod smooth_sweeps;
mod support;
mod sweep;
mod written;
mod zoo;
