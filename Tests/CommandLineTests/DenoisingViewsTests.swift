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
      "--frames: the file name must end in .png or .apng, not x.gif; type for instance --frames frames.png"
    ),
    ("--frames -", "--frames: the file name must end in .png or .apng, not -; type for instance --frames frames.png"),
    ("--strip s.apng", "--strip: the file name must end in .png, not s.apng; type for instance --strip strip.png"),
    (
      "--frames f.png --out %d.png",
      """
      --frames shows the denoising of one image or sheet, but --out asks for one file per image; \
      type for instance --out img.png, or leave --frames out
      """
    ),
    (
      "--strip s.png --out pictures",
      """
      --strip shows the denoising of one image or sheet, but --out asks for one file per image; \
      type for instance --out img.png, or leave --strip out
      """
    ),
    (
      "--frames f.png --out x.npz",
      """
      --frames shows the denoising of one image or sheet, but x.npz holds arrays; \
      type for instance --out img.png, or leave --frames out
      """
    ),
    (
      "--frames f.png --out x.tar -n 3",
      """
      --frames shows the denoising of one image or sheet, but x.tar holds one file per image; \
      type for instance --out img.png, or leave --frames out
      """
    ),
    (
      "--frames f.png --num_samples 4",
      """
      --frames shows the denoising of one image or sheet, but without --out an archive is written; \
      type for instance --out img.png, or leave --frames out
      """
    ),
    ("--frames sample.png", "--out and --frames would both write sample.png; give one of them another name"),
    ("--strip x.png -o x.png", "--out and --strip would both write x.png; give one of them another name"),
    ("--strip x.png --frames x.png", "--frames and --strip would both write x.png; give one of them another name"),
    ("--preview -q", "--quiet and --preview contradict each other; type only one of them"),
    (
      "--preview --progress plain",
      "--preview redraws in place, but --progress plain prints line after line; type only one of them"
    ),
  ])
  func mistakesSayWhatToType(line: String, message: String) {
    let error = #expect(throws: UsageError.self, "\(line)") { try options(line) }
    #expect(error?.description == message)
  }
}
