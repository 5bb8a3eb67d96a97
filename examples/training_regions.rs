//! The regions of a network during training: its checkpoints as a table, and as a picture side by side.
//!
//! Paper 4 (arXiv 2310.18725) shows how training refines decision boundaries; paper 5 (arXiv 2305.09145) asks how simple cells are before
//! and after training. Every count here is exact; lengths, loss and accuracy are rounded. In the training below, the number of regions first drops to about half,
//! while the boundary is nearly straight; it grows beyond its first value when the boundary bends around the moons. In a rectangle the mean number of facets is 4
//! for every network in general position, trained or not, so the table also has the largest number.
//!
//! In the picture the hue is the decision, and a stronger colour means a steeper output.
//!
//! ```text
//! cargo run --release --example training_regions -- [--out DIRECTORY]
//! cargo run --release --example training_regions -- NET... [--box LO,HI] [--data FILE.csv] [--out DIRECTORY]
//! ```
//!
//! Without NET, the program trains a 2-16-16-1 network on two moons, and writes its checkpoints, the points and the picture to DIRECTORY,
//! by default `target/training_regions`. NET are checkpoints in order, with two inputs and one output, as
//! files that `plica` reads; FILE.csv has two coordinates per row and a column `label`, -1 or 1. The box is LO..HI;LO..HI, or LO,HI for both.

#[path = "support/train.rs"]
mod train;

use nalgebra::DMatrix;
use plica::complex::{Builder, Cell, Complex, ComplexError, Decided, Domain, Histograms, Rule};
use plica::data::{DataSet, LoadOptions};
use plica::exact::nearest_f64;
use plica::network::{self, Network};
use rug::Rational;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use train::{Labelled, Mlp, Random, Trainer, moons};

const STEPS: [i32; 9] = [0, 16, 32, 64, 128, 256, 512, 1024, 2048];
const COLUMNS: usize = 3;

/// The arguments of the command line.
struct Arguments {
    networks: Vec<String>,
    boxed: String,
    data: Option<String>,
    out: PathBuf,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut all = Self { networks: Vec::new(), boxed: "-1,1".to_string(), data: None, out: "target/training_regions".into() };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word}: expected a value"));
            match word.as_str() {
                "--box" => all.boxed = value()?,
                "--data" => all.data = Some(value()?),
                "--out" => all.out = value()?.into(),
                _ if word.starts_with('-') => return Err(format!("{word}: expected --box, --data or --out").into()),
                _ => all.networks.push(word),
            }
        }
        if all.networks.is_empty() && all.data.is_some() {
            return Err("--data: expected checkpoints NET... with it".into());
        }
        Ok(all)
    }
}

/// A checkpoint, with its name.
struct Checkpoint {
    name: String,
    network: Network,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    fs::create_dir_all(&arguments.out).map_err(|error| format!("{}: {error}", arguments.out.display()))?;
    let (checkpoints, data) = if arguments.networks.is_empty() {
        let (checkpoints, data) = trained()?;
        keep(&checkpoints, &data, &arguments.out)?;
        (checkpoints, Some(data))
    } else {
        let data = arguments.data.as_deref().map(read_points).transpose()?;
        (arguments.networks.iter().map(|name| read_checkpoint(name)).collect::<Result<_, _>>()?, data)
    };
    let domain = Domain::parse_box(&arguments.boxed, 2).map_err(|error| format!("--box: {error}"))?;

    let mut shapes: Vec<String> = checkpoints.iter().map(|checkpoint| checkpoint.network.shape()).collect();
    shapes.dedup();
    println!("{}, box {}\n", shapes.join(", "), arguments.boxed);
    let width = checkpoints.iter().map(|checkpoint| checkpoint.name.chars().count()).fold(10, usize::max);
    println!("{:width$} {:>7} {:>6} {:>7} {:>9}  decision boundary", "", "regions", "affine", "linear", "facets");
    println!("{:width$} {:>7} {:>6} {:>7} mean most parts pieces length    loss   right", "checkpoint", "", "maps", "regions");
    let mut panels = Vec::new();
    for Checkpoint { name, network } in &checkpoints {
        let builder = Builder::new(network);
        let complex = builder.build(&domain)?;
        let decided = builder.decide(Rule::Sign, &domain, None)?;
        println!("{name:width$}{}", row(&complex, &decided, data.as_ref().map(|data| Mlp::from(network).loss_and_accuracy(data)))?);
        panels.push((name.as_str(), picture(&complex, &decided, data.as_ref())));
    }
    let path = arguments.out.join("regions.svg");
    fs::write(&path, side_by_side(&panels, corners(&domain))?).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("\n{}", path.display());
    Ok(())
}

/// The checkpoints of one training, and its points.
fn trained() -> Result<(Vec<Checkpoint>, Labelled), Box<dyn Error>> {
    let mut random = Random(5);
    let data = moons(200, 0.15, &mut random);
    let mut trainer = Trainer::new(Mlp::new(&[2, 16, 16, 1], &mut random), 0.01);
    let mut checkpoints = Vec::new();
    for steps in STEPS {
        trainer.train_to(steps, &data);
        checkpoints.push(Checkpoint { name: format!("step-{steps:04}"), network: trainer.mlp.network()? });
    }
    Ok((checkpoints, data))
}

/// Writes checkpoints and points, so that they can be used as arguments.
fn keep(checkpoints: &[Checkpoint], data: &Labelled, out: &Path) -> Result<(), Box<dyn Error>> {
    for checkpoint in checkpoints {
        checkpoint.network.save(&out.join(format!("{}.safetensors", checkpoint.name)))?;
    }
    let mut text = "x0,x1,label\n".to_string();
    for (point, label) in data.points.column_iter().zip(&data.labels) {
        writeln!(text, "{},{},{label}", point[0], point[1])?;
    }
    let path = out.join("points.csv");
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn read_checkpoint(file: &str) -> Result<Checkpoint, Box<dyn Error>> {
    let network = network::load(file).map_err(|error| error.to_string())?;
    if (network.inputs(), network.outputs()) != (2, 1) {
        return Err(format!("{file}: a network {}, expected two inputs and one output", network.shape()).into());
    }
    let name = Path::new(file).file_stem().map_or(file.into(), |stem| stem.to_string_lossy());
    Ok(Checkpoint { name: name.into_owned(), network })
}

fn read_points(file: &str) -> Result<Labelled, Box<dyn Error>> {
    let read = DataSet::load(file, &LoadOptions { labels: Some("label".to_string()), ..LoadOptions::default() })
        .map_err(|error| error.to_string())?;
    let labels: Vec<f64> = read.labels.iter().flatten().map(|&label| label as f64).collect();
    if read.points.dimension() != 2 || labels.iter().any(|label| label.abs() != 1.0) {
        return Err(format!("{file}: expected two coordinates and a label of -1 or 1 in each row").into());
    }
    Ok(Labelled { points: DMatrix::from_fn(2, labels.len(), |axis, i| read.points.nearest(i)[axis]), labels })
}

/// The least and the largest coordinates of a box.
fn corners(domain: &Domain) -> [[f64; 2]; 2] {
    let Domain::Box(ranges) = domain else { unreachable!("a box was read") };
    [[0, 1].map(|axis| nearest_f64(&ranges[axis].0)), [0, 1].map(|axis| nearest_f64(&ranges[axis].1))]
}

/// One row of the table, after the name.
fn row(complex: &Complex, decided: &Decided, fit: Option<(f64, f64)>) -> Result<String, ComplexError> {
    let (counts, facets) = (complex.counts(), complex.histograms().facets);
    let average = Histograms::mean(&facets).as_ref().map_or(f64::NAN, nearest_f64);
    let most = facets.keys().last().copied().unwrap_or_default();
    let fit = fit.map_or("       -       -".to_string(), |(loss, right)| format!(" {loss:>7.4} {:>5.1} %", 100.0 * right));
    Ok(format!(
        " {:>7} {:>6} {:>7} {average:>4.2} {most:>4} {:>5} {:>6} {:>6.2}{fit}",
        counts.activation_regions,
        counts.affine_maps,
        counts.linear_regions,
        decided.regions()?.len(),
        decided.boundary().len(),
        boundary_length(decided),
    ))
}

/// The ends of all facets between two classes, or of all other facets.
fn lines(decided: &Decided, between_classes: bool) -> impl Iterator<Item = [usize; 2]> {
    let is_wanted = move |cells: &[usize]| matches!(*cells, [a, b] if (decided.class_of[a] != decided.class_of[b]) == between_classes);
    decided.complex.facets().filter(move |facet| is_wanted(&facet.cells())).filter_map(|facet| facet.vertices().try_into().ok())
}

/// The length of the line between the classes, rounded.
fn boundary_length(decided: &Decided) -> f64 {
    let length = |[p, q]: [usize; 2]| {
        let (p, q) = (decided.complex.vertex(p), decided.complex.vertex(q));
        let along = |axis: usize| nearest_f64(&Rational::from(&p[axis] - &q[axis]));
        along(0).hypot(along(1))
    };
    lines(decided, true).fold(0.0, |sum, ends| sum + length(ends))
}

/// The content of an SVG group: the cells, the line between the classes, and the points, in coordinates of the box.
fn picture(complex: &Complex, decided: &Decided, data: Option<&Labelled>) -> String {
    let middle =
        |v: usize| <[_; 2]>::try_from(decided.complex.vertex_enclosure(v)).expect("two coordinates").map(|x| x.lo / 2.0 + x.hi / 2.0);
    let corners: Vec<[f64; 2]> = (0..decided.complex.f_vector()[0] as usize).map(middle).collect();
    let path = |between_classes: bool| {
        let line = |[p, q]: [usize; 2]| format!("M{:.6} {:.6}L{:.6} {:.6}", corners[p][0], corners[p][1], corners[q][0], corners[q][1]);
        lines(decided, between_classes).map(line).collect::<String>()
    };
    let points = data.map_or(String::new(), |data| dots(complex.domain(), data));
    cells(complex, decided, &corners) + &stroke(&path(false), "#555555", 0.5) + &stroke(&path(true), "black", 2.5) + &points
}

/// Hues show the decisions, and a stronger colour means a steeper output: the cell with the largest gradient has the full colour.
fn cells(complex: &Complex, decided: &Decided, corners: &[[f64; 2]]) -> String {
    let slope = |map: Vec<Vec<f64>>| map[0][0].hypot(map[0][1]);
    let slopes: Vec<f64> = complex.cells().map(|cell| slope(cell.rounded_map())).collect();
    let steepest = slopes.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let polygon = |cell: Cell<'_>| {
        let strength = 0.2 + 0.8 * slopes[decided.parent_of[cell.index()] as usize] / steepest;
        let corners: Vec<String> = around(&cell.vertices(), corners).iter().map(|[x, y]| format!("{x:.6},{y:.6}")).collect();
        let (corners, colour) = (corners.join(" "), colour(decided.class_of[cell.index()] as f64));
        format!("<polygon points=\"{corners}\" fill=\"{colour}\" fill-opacity=\"{strength:.3}\"/>\n")
    };
    decided.complex.cells().map(polygon).collect()
}

/// The points of the box in the colours of their labels, with a white rim.
fn dots(domain: &Domain, data: &Labelled) -> String {
    let is_inside = |x: &[f64]| domain.contains(&[0, 1].map(|axis| Rational::from_f64(x[axis]).unwrap_or_default()));
    // A line of length 0 with round ends is a dot at any scale.
    let path = |wanted: &[f64]| {
        let points = data.points.column_iter().zip(&data.labels).filter(|(_, label)| wanted.contains(label));
        points.filter(|(x, _)| is_inside(x.as_slice())).map(|(x, _)| format!("M{:.6} {:.6}h0", x[0], x[1])).collect::<String>()
    };
    let inner = |label: f64| stroke(&path(&[label]), colour(label), 4.5);
    stroke(&path(&[-1.0, 1.0]), "white", 6.0) + &inner(-1.0) + &inner(1.0)
}

/// Lines with a width in pixels, at any scale.
fn stroke(path: &str, colour: &str, width: f64) -> String {
    let look = format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linecap=\"round\"");
    format!("<path d=\"{path}\" {look} vector-effect=\"non-scaling-stroke\"/>\n")
}

/// The corners of a convex cell in order: by their directions from its middle.
fn around(vertices: &[usize], corners: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut found: Vec<[f64; 2]> = vertices.iter().map(|&v| corners[v]).collect();
    let middle = [0, 1].map(|axis| found.iter().map(|x| x[axis]).sum::<f64>() / found.len() as f64);
    let direction = |x: &[f64; 2]| (x[1] - middle[1]).atan2(x[0] - middle[0]);
    found.sort_by(|x, y| direction(x).total_cmp(&direction(y)));
    found
}

/// The colour of a class or a label: blue, orange, or grey if the output vanishes (after M. Okabe and K. Ito).
fn colour(class: f64) -> &'static str {
    match class {
        0.0 => "#999999",
        _ if class < 0.0 => "#0072b2",
        _ => "#d55e00",
    }
}

/// The pictures in rows of three, each with its name above it.
fn side_by_side(panels: &[(&str, String)], [lo, hi]: [[f64; 2]; 2]) -> Result<String, std::fmt::Error> {
    const WIDTH: f64 = 400.0;
    let scale = WIDTH / (hi[0] - lo[0]);
    let size = [WIDTH + 24.0, scale * (hi[1] - lo[1]) + 44.0];
    let (columns, rows) = (panels.len().min(COLUMNS), panels.len().div_ceil(COLUMNS));
    let (width, height) = (size[0] * columns as f64 + 24.0, size[1] * rows as f64 + 24.0);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"Helvetica, Arial, sans-serif\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    for (k, (name, picture)) in panels.iter().enumerate() {
        let (x, y) = (24.0 + size[0] * (k % COLUMNS) as f64, 44.0 + size[1] * (k / COLUMNS) as f64);
        let name = name.replace('&', "&amp;").replace('<', "&lt;");
        writeln!(text, r#"<text x="{}" y="{}" font-size="17" text-anchor="middle">{name}</text>"#, x + WIDTH / 2.0, y - 10.0)?;
        let to_box = format!("translate({x} {y}) scale({scale} {}) translate({} {})", -scale, -lo[0], -hi[1]);
        writeln!(text, "<g transform=\"{to_box}\">\n{picture}</g>")?;
        writeln!(text, r#"<rect x="{x}" y="{y}" width="{WIDTH}" height="{}" fill="none" stroke="black"/>"#, size[1] - 44.0)?;
    }
    Ok(text + "</svg>\n")
}
