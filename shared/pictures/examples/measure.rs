//! Measures time, size and memory of everything that the crate does, on a picture that looks like one and on noise, which nothing can compress.
//!
//! ```sh
//! cargo run --profile fast -p pictures --example measure
//! ```
//!
//! Each figure is from a process of its own, as a process cannot forget its peak. Linux only: memory is read from `/proc`.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::error::Error;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use image::{ExtendedColorType, ImageEncoder};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const OPERATIONS: [&str; 6] =
    ["finish 1024x1024", "finish 2048x1024", "finish 2048x2048", "thumbnail 320", "enlarge 2", "enlarge 4"];

fn main() -> Result<()> {
    if let Some(operation) = std::env::args().nth(1) {
        return measure(&operation);
    }
    println!("| operation | picture | input | milliseconds | output, MB | peak of the process, MB |");
    println!("| --- | --- | --- | ---: | ---: | ---: |");
    for (name, draw) in [("natural", natural as Draw), ("noise", noise as Draw)] {
        let (small, large) = (pixels(1024, draw), pixels(2048, draw));
        for operation in OPERATIONS {
            let finish = operation.starts_with("finish");
            let (input, file) =
                if finish { ("JPEG 1024x1024", jpeg(&small, 1024)?) } else { ("PNG 2048x2048", png(&large, 2048)?) };
            println!("| `{operation}` | {name} | {input} | {} |", in_a_process(operation, &file)?);
        }
        let largest = pixels(4096, draw);
        for (input, file) in [
            ("JPEG 4096x4096", jpeg(&largest, 4096)?),
            ("PNG 4096x4096, 16 bits, transparent", deep_png(&largest, 4096)?),
        ] {
            println!("| `finish 1024x1024` | {name} | {input} | {} |", in_a_process("finish 1024x1024", &file)?);
        }
    }
    Ok(())
}

/// Runs this program again with an operation and its input, and returns what it printed.
fn in_a_process(operation: &str, file: &[u8]) -> Result<String> {
    let program = std::env::current_exe()?;
    let mut child = Command::new(program).arg(operation).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().ok_or("no input")?.write_all(file)?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("{operation}: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Does one operation and prints its figures.
fn measure(operation: &str) -> Result<()> {
    let mut file = Vec::new();
    std::io::stdin().read_to_end(&mut file)?;
    let begun = Instant::now();
    let output = match operation.split_once(' ') {
        Some(("finish", size)) => {
            let (width, height) = size.split_once('x').ok_or("no size")?;
            pictures::finish(&file, width.parse()?, height.parse()?)?.png
        }
        Some(("thumbnail", longest)) => pictures::thumbnail(&file, longest.parse()?)?,
        Some(("enlarge", scale)) => pictures::enlarge(&file, scale.parse()?)?.png,
        _ => return Err("no such operation".into()),
    };
    let milliseconds = begun.elapsed().as_millis();
    let megabytes = output.len() / 10_000;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let peak: usize = peak.trim().trim_end_matches(" kB").parse()?;
    println!("{milliseconds} | {}.{:02} | {}", megabytes / 100, megabytes % 100, peak * 1024 / 1_000_000);
    Ok(())
}

/// The three channels of the pixel at a place.
type Draw = fn(u32, u32) -> [u8; 3];

fn pixels(side: u32, draw: Draw) -> Vec<u8> {
    (0..side).flat_map(|y| (0..side).flat_map(move |x| draw(x, y))).collect()
}

fn png(rgb: &[u8], side: u32) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut file);
    encoder.write_image(rgb, side, side, ExtendedColorType::Rgb8)?;
    Ok(file)
}

/// Sixteen bits for each of four channels: what takes most memory to decode. Only the upper eight of them have anything in them.
fn deep_png(rgb: &[u8], side: u32) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let (pixels, _) = rgb.as_chunks::<3>();
    let half_seen: Vec<u8> = pixels
        .iter()
        .flat_map(|[red, green, blue]| [*red, *green, *blue, 128])
        .flat_map(|channel| (u16::from(channel) << 8).to_ne_bytes())
        .collect();
    let encoder = image::codecs::png::PngEncoder::new(&mut file);
    encoder.write_image(&half_seen, side, side, ExtendedColorType::Rgba16)?;
    Ok(file)
}

fn jpeg(rgb: &[u8], side: u32) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 90).encode(
        rgb,
        side,
        side,
        ExtendedColorType::Rgb8,
    )?;
    Ok(file)
}

fn noise(x: u32, y: u32) -> [u8; 3] {
    let [red, green, blue, ..] = random(x, y, 0).to_le_bytes();
    [red, green, blue]
}

/// Clouds whose detail fades with its size as in photographs, a disc with a hard edge, and a little of a camera's grain.
fn natural(x: u32, y: u32) -> [u8; 3] {
    let (left, top) = (f64::from(x), f64::from(y));
    let disc = (left - 700.0).hypot(top - 500.0) < 300.0;
    [0, 1, 2].map(|channel| {
        let (mut light, mut weight, mut pitch) = (0.0, 0.5, 1.0 / 512.0);
        for octave in 0..9 {
            // Large shapes have colours, details are shades.
            let seed = if octave < 5 { octave * 7 + channel / 2 } else { octave * 7 };
            light += weight * cloud(left * pitch, top * pitch, seed);
            weight *= 0.55;
            pitch *= 2.0;
        }
        let light = if disc { light * 0.5 + 0.4 } else { light };
        let grain = (fraction(x, y, 100 + channel) - 0.5) * 0.012;
        byte(light * 0.9 + grain)
    })
}

/// Smooth noise: random values at whole places, and in between what lies between.
fn cloud(x: f64, y: f64, seed: u32) -> f64 {
    let ease = |t: f64| t * t * (3.0 - 2.0 * t);
    let (right, down) = (ease(x.fract()), ease(y.fract()));
    let (column, row) = (whole(x), whole(y));
    let mix = |a: f64, b: f64, t: f64| a * (1.0 - t) + b * t;
    let above = mix(fraction(column, row, seed), fraction(column + 1, row, seed), right);
    let below = mix(fraction(column, row + 1, seed), fraction(column + 1, row + 1, seed), right);
    mix(above, below, down)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "places are small and not negative")]
fn whole(place: f64) -> u32 {
    place as u32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
fn byte(light: f64) -> u8 {
    (light * 255.0).clamp(0.0, 255.0) as u8
}

/// A random number from 0 to 1 that belongs to a place.
fn fraction(x: u32, y: u32, seed: u32) -> f64 {
    let [first, second, third, fourth, ..] = random(x, y, seed).to_le_bytes();
    f64::from(u32::from_le_bytes([first, second, third, fourth])) / f64::from(u32::MAX)
}

/// A random number that belongs to a place: the finaliser of MurmurHash3.
fn random(x: u32, y: u32, seed: u32) -> u64 {
    let place = u64::from(x).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ u64::from(y).wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
        ^ u64::from(seed).wrapping_mul(0x1656_67b1_9e37_79f9);
    let mixed = (place ^ (place >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ (mixed >> 33)
}
