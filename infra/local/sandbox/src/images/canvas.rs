//! A surface to paint on, and shapes. The style changes how a shape comes out.

use tiny_skia::{
    FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Paint, Path, PathBuilder, Pixmap, PixmapMut, Point,
    RadialGradient, Rect, Shader, SpreadMode, Stroke, Transform,
};

use super::Style;
use super::colour::{BLACK, Colour};

/// A place in pixels.
pub(super) type Place = (f32, f32);

/// The picture as it grows. Lengths are in pixels; `unit` is a hundredth of the shorter side.
pub(super) struct Canvas {
    pixmap: Pixmap,
    pub(super) style: Style,
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) unit: f32,
}

impl Canvas {
    /// A black picture; `None` if it has no pixel or too many.
    pub(super) fn new(width: u16, height: u16, style: Style) -> Option<Self> {
        let mut pixmap = Pixmap::new(u32::from(width), u32::from(height))?;
        pixmap.fill(BLACK.to_skia());
        let unit = f32::from(width.min(height)) / 100.0;
        Some(Self { pixmap, style, width: f32::from(width), height: f32::from(height), unit })
    }

    /// Red, green, blue and alpha of each pixel.
    pub(super) fn into_pixels(self) -> Vec<u8> {
        self.pixmap.take()
    }

    /// Paints a shape in one colour, with an outline where the style draws outlines.
    pub(super) fn fill(&mut self, shape: Option<Path>, colour: Colour) {
        let Some(shape) = shape else { return };
        self.paint(&shape, Shader::SolidColor(self.toned(colour).to_skia()));
        self.outline(&shape, colour);
    }

    /// Paints a shape in one colour, without an outline and without the style's tone.
    pub(super) fn plain(&mut self, shape: Option<Path>, colour: Colour) {
        if let Some(shape) = shape {
            self.paint(&shape, Shader::SolidColor(colour.to_skia()));
        }
    }

    /// Paints a shape from one colour at its top to another at its bottom.
    pub(super) fn fade(&mut self, shape: Option<Path>, top: Colour, bottom: Colour) {
        self.blend(shape, &[(0.0, top), (1.0, bottom)]);
    }

    /// Paints a shape from top to bottom through several colours; each stop is a share of the height.
    pub(super) fn blend(&mut self, shape: Option<Path>, stops: &[(f32, Colour)]) {
        let Some(shape) = shape else { return };
        let bounds = shape.bounds();
        let (from, to) = (Point::from_xy(0.0, bounds.top()), Point::from_xy(0.0, bounds.bottom()));
        let stops = self.stops(stops);
        if let Some(shader) = LinearGradient::new(from, to, stops, SpreadMode::Pad, Transform::identity()) {
            self.paint(&shape, shader);
        }
    }

    /// Light around a place, fading to nothing at `radius`.
    pub(super) fn glow(&mut self, (x, y): Place, radius: f32, colour: Colour) {
        let middle = Point::from_xy(x, y);
        let strength = colour.to_skia().alpha();
        let stops = [(0.0, colour), (0.4, colour.alpha(strength * 0.35)), (1.0, colour.alpha(0.0))]
            .map(|(at, colour)| GradientStop::new(at, self.toned(colour).to_skia()))
            .to_vec();
        let shader = RadialGradient::new(middle, 0.0, middle, radius, stops, SpreadMode::Pad, Transform::identity());
        if let (Some(shader), Some(area)) = (shader, circle((x, y), radius)) {
            self.paint(&area, shader);
        }
    }

    /// Darkens the picture towards its corners.
    pub(super) fn vignette(&mut self, darkness: f32) {
        let (width, height) = (self.width, self.height);
        let middle = Point::from_xy(width / 2.0, height / 2.0);
        let stops = [(0.0, 0.0), (0.62, 0.0), (1.0, darkness)];
        let stops = stops.map(|(at, alpha)| GradientStop::new(at, BLACK.alpha(alpha).to_skia())).to_vec();
        let radius = width.hypot(height) / 2.0;
        let shader = RadialGradient::new(middle, 0.0, middle, radius, stops, SpreadMode::Pad, Transform::identity());
        if let (Some(shader), Some(area)) = (shader, rect((0.0, 0.0), width, height)) {
            self.paint(&area, shader);
        }
    }

    /// A line along a path.
    pub(super) fn line(&mut self, path: Option<Path>, width: f32, colour: Colour) {
        let Some(path) = path else { return };
        let paint = paint(Shader::SolidColor(self.toned(colour).to_skia()));
        let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
        self.surface().stroke_path(&path, &paint, &stroke, Transform::identity(), None);
    }

    fn paint(&mut self, shape: &Path, shader: Shader<'_>) {
        self.surface().fill_path(shape, &paint(shader), FillRule::Winding, Transform::identity(), None);
    }

    fn surface(&mut self) -> PixmapMut<'_> {
        self.pixmap.as_mut()
    }

    fn outline(&mut self, shape: &Path, colour: Colour) {
        let (width, darkness) = match self.style {
            Style::Anime => (0.22, 0.55),
            Style::Kandinsky => (0.3, 0.85),
            Style::Default | Style::Uhd => return,
        };
        let size = shape.bounds().width().max(shape.bounds().height());
        // What is small or see-through has no outline: stars, petals, mist.
        if size > 3.0 * self.unit && colour.to_skia().is_opaque() {
            let ink = self.toned(colour).darker(darkness).alpha(0.8);
            let paint = paint(Shader::SolidColor(ink.to_skia()));
            let stroke = Stroke { width: width * self.unit, line_join: LineJoin::Round, ..Stroke::default() };
            self.surface().stroke_path(shape, &paint, &stroke, Transform::identity(), None);
        }
    }

    /// A colour as the style sees it.
    fn toned(&self, colour: Colour) -> Colour {
        match self.style {
            Style::Default => colour,
            Style::Anime => colour.saturated(1.45).lighter(0.05),
            Style::Uhd => colour.saturated(1.25).darker(0.06),
            Style::Kandinsky => colour.saturated(1.6),
        }
    }

    /// The stops of a gradient: anime has steps instead of a slope.
    fn stops(&self, stops: &[(f32, Colour)]) -> Vec<GradientStop> {
        let stop = |(at, colour): (f32, Colour)| GradientStop::new(at, self.toned(colour).to_skia());
        if self.style != Style::Anime {
            return stops.iter().copied().map(stop).collect();
        }
        let bands = 5_u8;
        let edge = |band: u8| f32::from(band) / f32::from(bands);
        (0..bands)
            .flat_map(|band| {
                let colour = at(stops, edge(band) + 0.5 / f32::from(bands));
                [(edge(band), colour), (edge(band + 1) - 0.01, colour)]
            })
            .map(stop)
            .collect()
    }
}

/// The colour of a gradient at a share of its length.
fn at(stops: &[(f32, Colour)], share: f32) -> Colour {
    let pair = stops.windows(2).find_map(|pair| match pair {
        [(start, first), (end, second)] if share <= *end => {
            Some(first.mix(*second, ((share - start) / (end - start)).clamp(0.0, 1.0)))
        }
        _ => None,
    });
    pair.or_else(|| stops.last().map(|(_, colour)| *colour)).unwrap_or(BLACK)
}

fn paint(shader: Shader<'_>) -> Paint<'_> {
    Paint { shader, anti_alias: true, ..Paint::default() }
}

/// A circle by its middle.
pub(super) fn circle((x, y): Place, radius: f32) -> Option<Path> {
    PathBuilder::from_circle(x, y, radius)
}

/// Circles as one shape.
pub(super) fn circles(circles: &[(Place, f32)]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for &((x, y), radius) in circles {
        path.push_circle(x, y, radius);
    }
    path.finish()
}

/// An ellipse by its middle.
pub(super) fn oval((x, y): Place, half_width: f32, half_height: f32) -> Option<Path> {
    let rect = Rect::from_xywh(x - half_width, y - half_height, half_width * 2.0, half_height * 2.0)?;
    PathBuilder::from_oval(rect)
}

/// A rectangle by its upper left corner.
pub(super) fn rect((x, y): Place, width: f32, height: f32) -> Option<Path> {
    Some(PathBuilder::from_rect(Rect::from_xywh(x, y, width, height)?))
}

/// A rectangle with round corners.
pub(super) fn rounded((x, y): Place, width: f32, height: f32, radius: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    let (right, bottom) = (x + width, y + height);
    path.move_to(x + radius, y);
    path.line_to(right - radius, y);
    path.quad_to(right, y, right, y + radius);
    path.line_to(right, bottom - radius);
    path.quad_to(right, bottom, right - radius, bottom);
    path.line_to(x + radius, bottom);
    path.quad_to(x, bottom, x, bottom - radius);
    path.line_to(x, y + radius);
    path.quad_to(x, y, x + radius, y);
    path.close();
    path.finish()
}

/// A shape with straight sides.
pub(super) fn polygon(corners: &[Place]) -> Option<Path> {
    let mut path = open(corners)?;
    path.close();
    path.finish()
}

/// A line through places.
pub(super) fn polyline(places: &[Place]) -> Option<Path> {
    open(places)?.finish()
}

fn open(places: &[Place]) -> Option<PathBuilder> {
    let (&(x, y), rest) = places.split_first()?;
    let mut path = PathBuilder::new();
    path.move_to(x, y);
    for &(x, y) in rest {
        path.line_to(x, y);
    }
    Some(path)
}

/// A curve that starts at one place, is pulled towards another, and ends at the third.
pub(super) fn curve(start: Place, pull: Place, end: Place) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.move_to(start.0, start.1);
    path.quad_to(pull.0, pull.1, end.0, end.1);
    path.finish()
}

/// A closed shape whose corners are rounded off to the middles of its sides.
pub(super) fn blob(corners: &[Place]) -> Option<Path> {
    let middle = |a: Place, b: Place| (f32::midpoint(a.0, b.0), f32::midpoint(a.1, b.1));
    let (&first, &last) = (corners.first()?, corners.last()?);
    let mut path = PathBuilder::new();
    let start = middle(last, first);
    path.move_to(start.0, start.1);
    for (&corner, &next) in corners.iter().zip(corners.iter().cycle().skip(1)) {
        let end = middle(corner, next);
        path.quad_to(corner.0, corner.1, end.0, end.1);
    }
    path.close();
    path.finish()
}

/// The land below a smooth line of heights, from edge to edge.
pub(super) fn below(line: &[Place], bottom: f32) -> Option<Path> {
    let (&(x, y), rest) = line.split_first()?;
    let mut path = PathBuilder::new();
    path.move_to(x, bottom);
    path.line_to(x, y);
    let mut last = (x, y);
    for &(x, y) in rest {
        path.quad_to(last.0, last.1, f32::midpoint(last.0, x), f32::midpoint(last.1, y));
        last = (x, y);
    }
    path.line_to(last.0, last.1);
    path.line_to(last.0, bottom);
    path.close();
    path.finish()
}
