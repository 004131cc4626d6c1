import Testing

@testable import DiffusionCommandLine

/// The words in images of earlier versions.
struct DrawingWordsTests {
  @Test(arguments: [
    ("--seed 1 --log /etc/x --steps 2", "--seed 1 --steps 2"),
    ("--seed 1 --stats=x --out y --overwrite --no-metadata -q --threads 9 --scale 2", "--seed 1 --scale 2"),
    (
      "--grid 2 --count 4 --frames ~/.profile --strip x",
      "--grid 2 --count 4 --frames again-frames.png --strip again-strip.png"
    ),
    ("--grid --count 4 --image-size=28 --class=-1", "--grid --count 4 --image-size=28 --class=-1"),
    ("reconstruct a.png --steps 2 --out b --overwrite", "reconstruct a.png --steps 2"),
    ("interpolate a b --frames 3 --overwrite", "interpolate a b --frames 3"),
    ("reconstruct --steps 2 -- -a.png --log", "reconstruct --steps 2 ./-a.png ./--log"),
  ])
  func onlyWhatIsDrawnIsKept(words: String, kept: String) throws {
    // A short name has no place in what a picture says of itself.
    let given = words.split(separator: " ").map(String.init).filter { $0 != "-q" }
    #expect(try drawingWords(given).joined(separator: " ") == kept)
  }

  @Test(arguments: [
    "convert a b", "draw", "completions bash", "--no-such-option 1", "encode a.png", "--seed 1 -o .bashrc",
  ])
  func whatDrawsNothingIsRefused(words: String) {
    #expect(throws: UsageError.self) { try drawingWords(words.split(separator: " ").map(String.init)) }
  }
}
