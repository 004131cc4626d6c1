import Testing

@testable import DiffusionCommandLine

struct DenoisingViewsTests {
  private func options(_ line: String) throws -> Options {
    guard case .draw(let options) = try parse(line.split(separator: " ").map(String.init)) else {
      throw UsageError("not a drawing: \(line)")
    }
    return options
  }

  @Test func areUnderstood() throws {
    #expect(try options("--frames f.png").output.frames == "f.png")
    #expect(try options("--frames f.apng --out -").output.frames == "f.apng")
    #expect(try options("--strip s.PNG -n 4 --grid -o x.png").output.strip == "s.PNG")
    #expect(try options("--preview -n 4 -o x.npz").preview)
    #expect(try options("--preview --progress none").preview)
  }

  @Test(arguments: [
    (
      "--frames x.gif",
      "--frames: writes a file that ends in .png or .apng, not x.gif; type for instance --frames frames.png"
    ),
    ("--frames -", "--frames: writes a file that ends in .png or .apng, not -; type for instance --frames frames.png"),
    ("--strip s.apng", "--strip: writes a file that ends in .png, not s.apng; type for instance --strip strip.png"),
    (
      "--frames f.png --out %d.png",
      "--frames shows how one picture or sheet comes about, but --out asks for a file each; type for instance --out img.png, or leave --frames out"
    ),
    (
      "--strip s.png --out pictures",
      "--strip shows how one picture or sheet comes about, but --out asks for a file each; type for instance --out img.png, or leave --strip out"
    ),
    (
      "--frames f.png --out x.npz",
      "--frames shows how one picture or sheet comes about, but x.npz holds arrays; type for instance --out img.png, or leave --frames out"
    ),
    (
      "--frames f.png --out x.tar -n 3",
      "--frames shows how one picture or sheet comes about, but x.tar holds a file each; type for instance --out img.png, or leave --frames out"
    ),
    (
      "--frames f.png --num_samples 4",
      "--frames shows how one picture or sheet comes about, but without --out an archive is written; type for instance --out img.png, or leave --frames out"
    ),
    ("--frames sample.png", "--out and --frames would both write sample.png; give one of them another name"),
    ("--strip x.png -o x.png", "--out and --strip would both write x.png; give one of them another name"),
    ("--strip x.png --frames x.png", "--frames and --strip would both write x.png; give one of them another name"),
    ("--preview -q", "--quiet and --preview contradict each other; type only one of them"),
    (
      "--preview --progress plain",
      "--preview draws in one place, and --progress plain goes on line by line; type only one of them"
    ),
  ])
  func mistakesSayWhatToType(line: String, message: String) {
    let error = #expect(throws: UsageError.self, "\(line)") { try options(line) }
    #expect(error?.description == message)
  }
}
