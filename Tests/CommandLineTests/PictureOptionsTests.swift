import Testing

@testable import DiffusionCommandLine

/// Drawing from a picture, and around what is kept of it.
struct PictureOptionsTests {
  private func options(_ line: String) throws -> Options {
    guard case .draw(let options) = try parse(line.split(separator: " ").map(String.init)) else {
      throw UsageError("not a drawing: \(line)")
    }
    return options
  }

  @Test func areUnderstood() throws {
    let from = try options("--init-image a.png --strength 0.25")
    #expect(from.request.initImage == "a.png" && from.request.strength == 0.25 && from.request.mask == nil)
    #expect(try options("--init_image=a.png --strength=1").request.strength == 1)
    let around = try options("--init-image a.png --mask m.png --jump-length 5 --jump_count 4")
    #expect(
      around.request.mask == "m.png" && around.request.jumpLength == 5 && around.request.jumpCount == 4
        && around.request.strength == nil)
  }

  @Test(arguments: [
    ("--mask m.png", "--mask needs an image; type --init-image and its file too, or --condition for Palette"),
    ("--strength 0.5", "--strength needs an image to start from; type --init-image and its file too"),
    (
      "--jump-length 5",
      "--jump-length needs a mask; type --mask and its file too, or leave it out"
    ),
    (
      "--init-image a.png --jump-count 5",
      "--jump-count needs a mask; type --mask and its file too, or leave it out"
    ),
    (
      "--init-image a.png --noise n.npy", "--init-image and --noise both say what to start from; type only one of them"
    ),
    (
      "--init-image a.png --low-res s.png",
      "--low-res and --init-image do not go together, as super-resolution starts from noise; leave --init-image out"
    ),
    ("--strength 0", "--strength: 0 is out of range; type --strength with a number above 0, up to 1"),
    ("--strength -0.5", "--strength: -0.5 is out of range; type --strength with a number above 0, up to 1"),
    ("--strength 1.01", "--strength: 1.01 is out of range; type --strength with a number above 0, up to 1"),
    ("--strength nan", "--strength: \"nan\" is not a number; type for instance --strength 0.5"),
    (
      "--jump-length 0", "--jump-length: 0 is out of range; type --jump-length with a number from 1 to 1000000"
    ),
    ("--jump-count 0", "--jump-count: 0 is out of range; type --jump-count with a number from 1 to 1000"),
    ("--init-image", "--init-image needs a value; type for instance --init-image photo.png"),
  ])
  func mistakes(line: String, message: String) {
    let error = #expect(throws: UsageError.self) { try options(line) }
    #expect(error?.description == message)
  }
}
