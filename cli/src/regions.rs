//! `plica regions`: all regions of a box, a plane or the whole space.

use super::error::Failure;
use super::inputs::{PixelOptions, Subject, is_built_in, whole};
use super::output::{self, Output};
use clap::Args;
use plica::complex::{Builder, Complex, ComplexError, Decided, Domain, DomainError, Plane, Rule, parse_bytes};
use plica::data::{DataSet, Point};
use plica::network::Selection;
use plica::report::picture::{Colouring, Scene, SceneError};
use plica::report::{CellsReport, RegionsReport, plain};
use plica_text as text;
use rug::Rational;
use std::io::{IsTerminal, Write, stderr};
use std::path::{Path, PathBuf};

const USAGE: &str = "\
plica regions [OPTIONS] <NET> --box <BOX>
       plica regions [OPTIONS] <NET> --space
       plica regions [OPTIONS] <NET> --plane <P> <P> <P> [--box <BOX>|--space]";

const EXAMPLES: &str = "\
Examples:
  plica regions cantor:3 --box 0,1
  plica regions random:2-16-16-1@7 --box -1,1 --decide sign --plot regions.svg
  plica regions random:3-12-12-2@1 --box '-1..1;0..2;-1/2..1/2' --check
  plica regions digits:3x20 --plane digits#0 digits#1 digits#2 --decide argmax
  plica regions random:3-10-1@1 --space --cells cells.json --format json";

/// Find all regions of a box, a plane or the whole space, exactly
///
/// Finds every activation region with its facets, neighbours and vertices, and counts regions, affine maps and linear regions. Every decision is
/// exact. A plane slice is x = p0 + u (p1 - p0) + v (p2 - p0); its domain is the triangle of the three points, or a rectangle in (u, v) with --box, or the
/// whole plane with --space.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{BOXES}\n\n{}", super::FORMS), override_usage = USAGE)]
pub struct Arguments {
    /// The network
    #[arg(value_name = "NET")]
    network: String,

    /// A box: LO,HI for all dimensions, or LO..HI;LO..HI, one range each
    #[arg(long = "box", value_name = "BOX", allow_hyphen_values = true, conflicts_with = "space", required_unless_present_any = ["space", "plane"])]
    boxed: Option<String>,

    /// The plane through three points
    #[arg(long, value_name = "P", num_args = 3, allow_hyphen_values = true)]
    plane: Option<Vec<String>>,

    /// The whole space, or with --plane the whole plane
    #[arg(long)]
    space: bool,

    /// Cut the cells by the decision of the output: sign (of one output) or argmax
    #[arg(long, value_name = "RULE")]
    decide: Option<Rule>,

    /// Write all vertices, facets and cells, with their exact numbers
    #[arg(long, value_name = "FILE.json")]
    cells: Option<PathBuf>,

    /// Draw the regions, in two dimensions; .html is a page to pan, zoom and explore
    #[arg(long, value_name = "FILE.svg|.png|.html", value_parser = plot_file)]
    plot: Option<PathBuf>,

    /// What the colours show: pattern, map, region, gradient, depth or decision; by default decision with --decide, else pattern
    #[arg(long, value_name = "WHAT", requires = "plot")]
    color: Option<Colouring>,

    /// Draw these points on top, coloured by label: with two coordinates, or for a slice those of the network, projected onto it
    #[arg(long, value_name = "DATA", requires = "plot")]
    points: Option<String>,

    /// Separate labels: a file, or a column of a .csv by name or index
    #[arg(long, value_name = "FILE|COLUMN", requires = "points")]
    labels: Option<String>,

    /// Check that the exact volumes of the cells add up; without this option they are checked for up to 5,000 simplices
    #[arg(long)]
    check: bool,

    /// Stop with an error at more regions than this
    #[arg(long, value_name = "N", default_value = "10000000", value_parser = whole(1_u64, 1_000_000_000))]
    max_regions: u64,

    /// Stop with an error if the search, or exact volumes, take more memory than this, for example 500M or 4G; by default half of the available memory. The
    /// drawing of --plot is not counted
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes)]
    max_memory: Option<u64>,

    /// Try more than six dimensions
    #[arg(long)]
    force: bool,

    /// Take every decision in integers: slow
    #[arg(long)]
    exact_only: bool,

    /// Number of threads, by default one per core
    #[arg(long, value_name = "N", value_parser = whole(1_u16, 1024))]
    threads: Option<u16>,

    #[command(flatten)]
    pixels: PixelOptions,

    /// Show no progress on standard error
    #[arg(long)]
    quiet: bool,
}

const BOXES: &str = "\
BOX     -1,1 is the cube [-1,1]^d; -1..1;0..1/2 has a range for each dimension";

pub fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    super::inputs::pool(super::inputs::threads(arguments.threads))?.install(|| run_here(arguments, output))
}

fn run_here(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let subject = Subject::load(&arguments.network, &Selection::Hidden)?;
    // No other domain or option would help.
    if !subject.network.is_piecewise_affine() {
        let message = format!("{}: regions of a smooth network are curved, expected piecewise affine layers", plain(&subject.name));
        return Err(Failure::new(message, subject.built_in));
    }
    if let Some(rule) = arguments.decide {
        rule.fits(subject.network.outputs()).map_err(|error| Failure::new(format!("{}: {error}", subject.name), subject.built_in))?;
    }
    let plane = arguments.plane.as_deref().map(|points| plane(points, &subject, arguments)).transpose()?;
    let dimension = if plane.is_some() { 2 } else { subject.network.inputs() };
    if arguments.plot.is_some() && dimension != 2 {
        return Err(Failure::new(format!("--plot: {}", SceneError::Dimension(dimension)), subject.built_in));
    }
    if arguments.color == Some(Colouring::Decision) && arguments.decide.is_none() {
        return Err(Failure::Call("--color decision: expected --decide sign or --decide argmax with it".to_string()));
    }
    let progress: fn(plica::complex::Progress) = if arguments.quiet || !stderr().is_terminal() { |_| () } else { show };
    let builder = Builder::new(&subject.network)
        .max_regions(usize::try_from(arguments.max_regions).unwrap_or(usize::MAX))
        .exact_only(arguments.exact_only)
        .on_progress(progress);
    let builder = arguments.max_memory.map_or(builder.clone(), |bytes| builder.max_memory(bytes));
    let failed = |error: ComplexError| match error {
        ComplexError::Domain(error) => Failure::new(format!("{}: {}", plain(&subject.name), with_advice(&error)), subject.built_in),
        ComplexError::TooManyRegions { .. } => Failure::Limit(format!("{error}; --max-regions allows more")),
        error => error.into(),
    };
    // In the whole space only the rank of the first layer counts.
    let to_cut = if arguments.space { builder.dimensions_to_cut(&Domain::Space, plane.as_ref()).map_err(failed)? } else { dimension };
    let domain = domain(arguments, &subject, dimension, plane.is_some())?;
    if !arguments.force
        && let Some(cost) = text::cost_of_dimensions(&subject.name, &subject.network, to_cut)
    {
        return Err(Failure::new(format!("{cost}; --plane takes a slice of them, --force tries all"), subject.built_in));
    }
    let complex = build(&builder, &domain, plane.as_ref()).map_err(failed)?;
    let builder = builder.holding(complex.memory());
    let decided = arguments.decide.map(|rule| builder.decide(rule, &domain, plane.as_ref())).transpose().map_err(failed)?;
    let report = RegionsReport::whole(&subject.network, &complex, decided.as_ref(), arguments.check)?;
    if let Some(path) = &arguments.cells {
        let cells = CellsReport::of(&complex, decided.as_ref())?;
        output::file(path, |file| {
            serde_json::to_writer(&mut *file, &cells)?;
            writeln!(file)
        })?;
    }
    if let Some(path) = &arguments.plot {
        let around = if domain == Domain::Space { Some(complex.bounding_box()) } else { None };
        match around {
            None => plot(path, arguments, &subject, &complex, decided.as_ref())?,
            Some(around) => {
                let complex = build(&builder, &around, plane.as_ref()).map_err(failed)?;
                let decided = arguments.decide.map(|rule| builder.decide(rule, &around, plane.as_ref())).transpose().map_err(failed)?;
                plot(path, arguments, &subject, &complex, decided.as_ref())?;
            }
        }
    }
    output.report(&report, || text::regions(&heading(arguments, &subject, &domain), &report))
}

fn build(builder: &Builder, domain: &Domain, plane: Option<&Plane>) -> Result<Complex, ComplexError> {
    plane.map_or_else(|| builder.build(domain), |plane| builder.build_slice(plane, domain))
}

fn plot_file(text: &str) -> Result<PathBuf, String> {
    let end = text.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
    match end.as_deref() {
        Some("png") if cfg!(not(feature = "png")) => Err("this build has no PNG, expected a .svg or .html file".to_string()),
        Some("svg" | "png" | "html") => Ok(text.into()),
        _ => Err("expected a .svg, .png or .html file".to_string()),
    }
}

fn plot(path: &Path, arguments: &Arguments, subject: &Subject, complex: &Complex, decided: Option<&Decided>) -> Result<(), Failure> {
    let failed = |error: SceneError| match error {
        SceneError::Points { .. } => Failure::Data(format!("{}: {error}", arguments.points.as_deref().unwrap_or("--points"))),
        error => Failure::new(format!("--plot: {error}"), subject.built_in),
    };
    let colouring = arguments.color.unwrap_or(if decided.is_some() { Colouring::Decision } else { Colouring::Pattern });
    let title = format!("{}: {} linear regions", subject.name, complex.counts().linear_regions);
    let mut scene = Scene::new(&title, complex, decided, colouring).map_err(failed)?;
    if let Some(points) = &arguments.points {
        let data = DataSet::load(points, &arguments.pixels.with_labels(arguments.labels.as_deref()))?;
        scene = scene.with_points(complex, &data).map_err(failed)?;
    }
    let failed = |error: &dyn std::fmt::Display| Failure::Data(format!("{}: {error}", path.display()));
    let bytes = match path.extension().map(|end| end.to_ascii_lowercase()) {
        #[cfg(feature = "png")]
        Some(end) if end == "png" => scene.png().map_err(|error| failed(&error))?,
        Some(end) if end == "html" => scene.html().into_bytes(),
        _ => scene.svg().into_bytes(),
    };
    output::file(path, |file| file.write_all(&bytes))
}

fn plane(points: &[String], subject: &Subject, arguments: &Arguments) -> Result<Plane, Failure> {
    let options = arguments.pixels.with_labels(None);
    let load = |spec: &String| {
        let point = Point::load(spec, &options)?;
        subject.check_dimension(point.dimension(), spec, is_built_in(spec))?;
        Ok::<_, Failure>(point)
    };
    let points = points.iter().map(load).collect::<Result<Vec<_>, _>>()?;
    let built_in = subject.built_in && arguments.plane.iter().flatten().all(|spec| is_built_in(spec));
    match &points[..] {
        [p0, p1, p2] => Plane::new(p0, p1, p2).map_err(|error| Failure::new(format!("--plane: {error}"), built_in)),
        _ => Err(Failure::Call("--plane: expected three points".to_string())),
    }
}

/// The error of a domain, with advice if it has too many dimensions: no option allows more.
fn with_advice(error: &DomainError) -> String {
    match error {
        DomainError::TooLarge { .. } | DomainError::HighRank => format!("{error}; --plane takes a slice of two"),
        _ => error.to_string(),
    }
}

fn domain(arguments: &Arguments, subject: &Subject, dimension: usize, is_slice: bool) -> Result<Domain, Failure> {
    match &arguments.boxed {
        Some(text) => Domain::parse_box(text, dimension).map_err(|error| {
            let depends_on_the_network = matches!(error, DomainError::Malformed { .. }) && text.contains("..");
            Failure::new(format!("--box: {}", with_advice(&error)), subject.built_in || !depends_on_the_network || is_slice)
        }),
        None if arguments.space => Ok(Domain::Space),
        None => {
            let corner = |u: u32, v: u32| vec![Rational::from(u), Rational::from(v)];
            Ok(Domain::simplex(vec![corner(0, 0), corner(1, 0), corner(0, 1)]).expect("the corners span the plane"))
        }
    }
}

/// A line of progress on standard error.
fn show(progress: plica::complex::Progress) {
    let plica::complex::Progress { layers, all_layers, cells, memory } = progress;
    let end = if layers == all_layers { "\r\x1b[K" } else { "" };
    let _ = write!(stderr(), "\r\x1b[Klayer {layers} of {all_layers}: {cells} regions, {} MiB{end}", memory >> 20);
}

fn heading(arguments: &Arguments, subject: &Subject, domain: &Domain) -> String {
    let on = |what: &str| match &arguments.plane {
        Some(points) => format!("{what} of the plane through {}", plain(&points.join("  "))),
        None => what.to_string(),
    };
    let place = match (domain, &arguments.boxed) {
        (Domain::Space, _) => on(if arguments.plane.is_some() { "all" } else { "the whole space" }),
        (Domain::Simplex(_), _) => on("the triangle"),
        (Domain::Box(_), text) => on(&format!("box {}", plain(text.as_deref().unwrap_or("")))),
    };
    format!("{}, {}\n{place}", plain(&subject.name), subject.network.shape())
}
