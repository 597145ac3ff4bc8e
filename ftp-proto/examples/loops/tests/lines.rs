//! The manual tells how long each driver is, without blanks and comments.

use std::fs;
use std::path::Path;

#[test]
fn the_manual_tells_the_lines_of_each_driver() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manual = fs::read_to_string(package.join("../../manual/driving.md")).unwrap();
    for file in ["game.rs", "device.rs", "block.rs", "uring.rs", "uring/ring.rs"] {
        let source = fs::read_to_string(package.join("src").join(file)).unwrap();
        let lines = source.lines().map(str::trim_start);
        let count = lines.filter(|line| !line.is_empty() && !line.starts_with("//")).count();
        assert!(count <= 200, "{file}: {count}");
        let row = manual.lines().find(|line| line.starts_with(&format!("| `{file}` |")));
        let told = row.and_then(|row| row.trim_end_matches(" |").rsplit(' ').next());
        assert_eq!(told, Some(&*count.to_string()), "{file}");
    }
}
