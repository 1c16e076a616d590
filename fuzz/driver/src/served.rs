//! A target as a process that is sent inputs: a length and so many bytes each, and answers each with one byte.

use std::io::{self, Read as _, Write as _};

/// Runs a target on the files that are named, or on what comes over standard input, until that ends.
pub fn run(target: fn(&[u8])) {
    let files: Vec<_> = std::env::args_os().skip(1).collect();
    if files.is_empty() {
        return serve(target).expect("whoever sends inputs to be there");
    }
    for file in files {
        target(&std::fs::read(file).expect("a file with an input"));
    }
}

/// A panic ends the process, and its input is the one that nobody answered.
fn serve(target: fn(&[u8])) -> io::Result<()> {
    let (mut inputs, mut answers) = (io::stdin().lock(), io::stdout().lock());
    let (mut length, mut input) = ([0; 4], Vec::new());
    loop {
        match inputs.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        input.resize(u32::from_le_bytes(length) as usize, 0);
        inputs.read_exact(&mut input)?;
        target(&input);
        answers.write_all(&[0])?;
        answers.flush()?;
    }
}
