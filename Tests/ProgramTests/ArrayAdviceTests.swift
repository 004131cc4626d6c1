import DiffusionImages
import Foundation
import Testing

/// The Python that has NumPy, as in the Makefile.
private let pythonWithNumPy = ProcessInfo.processInfo.environment["PYTHON"] ?? "python3"

/// Whether expressions of NumPy can be run.
let hasNumPy: Bool = {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [pythonWithNumPy, "-c", "import numpy"]
  process.standardError = FileHandle.nullDevice
  try? process.run()
  process.waitUntilExit()
  return process.terminationStatus == 0
}()

/// Someone's arrays are not what is read. The message says an expression of Python, which is pasted as it stands; what
/// it makes is read, and is what they meant.
@Suite(.enabled(if: hasNumPy, "NumPy is not installed (apt-get install python3-numpy)"))
struct ArrayAdviceTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  struct Mistake: Sendable, CustomStringConvertible {
    let description: String
    /// Python that makes `array`.
    let array: String
    /// The command that reads `x.npy` or `x.npz`.
    let command: String
    /// The name in the `.npz`; nil for a `.npy`.
    let name: String?
    /// The expression.
    let says: String
    /// What must hold of what it makes, `fixed`.
    let check: String
  }

  private static let training =
    "train --data x.npz --out run --image-size 16 --num-channels 32 --num-res-blocks 1 --channel-mult 1 "
    + "--attention-resolutions 16 --num-heads 1 --batch-size 2 --steps 1"
  private static let drawing = "sample --steps 4 --overwrite --seed 1 --out o.png --init-image"
  private static let random = "numpy.random.default_rng(1)"

  static let mistakes = [
    Mistake(
      description: "pixels from 0 to 1", array: "\(random).random((4, 16, 16, 3))", command: training, name: "images",
      says: "(array * 255).round().clip(0, 255).astype('uint8')",
      check: "fixed.max() == 255 and abs(fixed.mean() - 127.5) < 5"),
    Mistake(
      description: "pixels from -1 to 1", array: "\(random).random((4, 16, 16, 3)).astype('float32') * 2 - 1",
      command: training, name: "images", says: "((array + 1) * 127.5).round().clip(0, 255).astype('uint8')",
      check: "fixed.max() > 250 and fixed.min() < 5 and abs(fixed.mean() - 127.5) < 5"),
    Mistake(
      description: "pixels from 0 to 255, as numbers",
      array: "\(random).integers(0, 256, (4, 16, 16, 3)).astype('float32')",
      command: training, name: "images", says: "array.round().clip(0, 255).astype('uint8')",
      check: "(fixed == array).all()"),
    Mistake(
      description: "pixels as int64", array: "\(random).integers(0, 256, (4, 16, 16, 3))", command: training,
      name: "images", says: "array.astype('uint8')", check: "(fixed == array).all()"),
    Mistake(
      description: "pixels of another range", array: "\(random).normal(0, 1000, (4, 16, 16, 3))", command: training,
      name: "images", says: "numpy.interp(array, [array.min(), array.max()], [0, 255]).round().astype('uint8')",
      check: "fixed.min() == 0 and fixed.max() == 255"),
    Mistake(
      description: "bits", array: "\(random).random((4, 16, 16)) > 0.5", command: training + " --in-channels 1",
      name: "images", says: "array.astype('uint8') * 255", check: "set(fixed.flat) == {0, 255}"),
    Mistake(
      description: "16-bit pixels", array: "\(random).integers(0, 65536, (4, 16, 16)).astype('uint16')",
      command: training + " --in-channels 1", name: "images", says: "(array // 257).astype('uint8')",
      check: "(abs(fixed * 257.0 - array) < 257).all()"),
    Mistake(
      description: "channels first", array: "\(random).integers(0, 256, (4, 3, 16, 16)).astype('uint8')",
      command: training, name: "images", says: "array.transpose(0, 2, 3, 1)",
      check: "(fixed[2, 5, 7] == array[2, :, 5, 7]).all()"),
    Mistake(
      description: "rows, as of MNIST", array: "\(random).integers(0, 256, (4, 256)).astype('uint8')",
      command: training + " --in-channels 1", name: "images", says: "array.reshape(-1, 16, 16, 1)",
      check: "fixed[1, 2, 3, 0] == array[1, 2 * 16 + 3]"),
    Mistake(
      description: "rows, as of CIFAR-10", array: "\(random).integers(0, 256, (4, 768)).astype('uint8')",
      command: training, name: "images", says: "array.reshape(-1, 3, 16, 16).transpose(0, 2, 3, 1)",
      check: "fixed[1, 2, 3, 1] == array[1, 256 + 2 * 16 + 3]"),
    Mistake(
      description: "objects",
      array: "numpy.array([None, None]); array[:] = [numpy.full((16, 16), i, 'uint8') for i in (1, 2)]",
      command: training + " --in-channels 1", name: "images", says: "numpy.stack(list(array))",
      check: "fixed.shape == (2, 16, 16)"),
    Mistake(
      description: "one-hot labels", array: "numpy.eye(4, dtype='float32')[[2, 0, 1, 2]]",
      command: training + " --in-channels 1 --class-cond True", name: "labels", says: "array.argmax(1)",
      check: "list(fixed) == [2, 0, 1, 2]"),
    Mistake(
      description: "labels in a column", array: "numpy.array([[2], [0], [1], [2]])",
      command: training + " --in-channels 1 --class-cond True", name: "labels", says: "array[:, 0]",
      check: "list(fixed) == [2, 0, 1, 2]"),
    Mistake(
      description: "labels as numbers", array: "numpy.array([2., 0., 1., 2.])",
      command: training + " --in-channels 1 --class-cond True", name: "labels", says: "array.astype('int64')",
      check: "list(fixed) == [2, 0, 1, 2]"),
    Mistake(
      description: "labels as words", array: "numpy.array(['cat', 'ant', 'bee', 'cat'])",
      command: training + " --in-channels 1 --class-cond True", name: "labels",
      says: "class_names, labels = numpy.unique(array, return_inverse=True)",
      check: "list(class_names) == ['ant', 'bee', 'cat'] and list(labels) == [2, 0, 1, 2]"),
    Mistake(
      description: "a picture from 0 to 255", array: "\(random).random((1, 1, 28, 28)) * 255",
      command: drawing + " x.npy",
      name: nil, says: "(array / 127.5 - 1).clip(-1, 1).astype('float32')",
      check: "abs(fixed).max() <= 1 and abs(fixed.mean()) < 0.1"),
    Mistake(
      description: "a picture that leaves the range", array: "\(random).normal(0, 0.5, (1, 1, 28, 28)).clip(-1.4, 1.4)",
      command: drawing + " x.npy", name: nil, says: "array.clip(-1, 1)", check: "abs(fixed).max() == 1"),
    Mistake(
      description: "a picture without batch and channels", array: "\(random).random((28, 28)).astype('float32')",
      command: drawing + " x.npy", name: nil, says: "array[None, None]", check: "fixed.shape == (1, 1, 28, 28)"),
    Mistake(
      description: "a picture with its channels last", array: "\(random).random((1, 28, 28, 1)).astype('float32')",
      command: drawing + " x.npy", name: nil, says: "array.transpose(0, 3, 1, 2)",
      check: "fixed.shape == (1, 1, 28, 28)"),
    Mistake(
      description: "a picture by columns", array: "numpy.asfortranarray(\(random).random((1, 1, 28, 28)))",
      command: drawing + " x.npy", name: nil, says: "numpy.ascontiguousarray(array)", check: "(fixed == array).all()"),
    Mistake(
      description: "float16", array: "\(random).random((1, 1, 28, 28)).astype('float16')", command: drawing + " x.npy",
      name: nil, says: "array.astype('<f4')", check: "(fixed == array).all()"),
    Mistake(
      description: "the other byte order", array: "\(random).random((1, 1, 28, 28)).astype('>f4')",
      command: drawing + " x.npy", name: nil, says: "array.astype('<f4')", check: "(fixed == array).all()"),
    Mistake(
      description: "pixels of one picture", array: "\(random).integers(0, 256, (28, 28, 1)).astype('uint8')",
      command: drawing + " x.npz", name: "arr_0", says: "array[None]", check: "(fixed[0] == array).all()"),
  ]

  @Test(arguments: mistakes) func theExpressionMakesWhatWasMeant(_ mistake: Mistake) throws {
    defer { cleanUp() }
    try python("array = \(mistake.array); import warnings; warnings.simplefilter('ignore')", saving: "array", mistake)
    let refused = try shell(mistake.command)
    #expect(refused.status == 1 && refused.errors.contains(mistake.says), "\(refused.errors)")
    let pasted = mistake.says.contains(" = ") ? "\(mistake.says); fixed = labels" : "fixed = \(mistake.says)"
    try python("array = \(mistake.array); \(pasted); assert \(mistake.check)", saving: "fixed", mistake)
    let read = try shell(mistake.command)
    #expect(read.status == 0, "\(read.errors)")
  }

  private func python(_ code: String, saving name: String, _ mistake: Mistake) throws {
    let saving =
      switch mistake.name {
      case nil: "numpy.save('x.npy', \(name))"
      case "labels": "numpy.savez('x.npz', images=numpy.zeros((4, 16, 16), 'uint8'), labels=\(name))"
      case let key?: "numpy.savez('x.npz', \(key)=\(name))"
      }
    try "import numpy\n\(code)\n\(saving)\n".write(
      to: folder.appendingPathComponent("p.py"), atomically: true, encoding: .utf8)
    let result = try shell("\(pythonWithNumPy) p.py")
    #expect(result.status == 0, "\(result.errors)")
  }

  /// A mask whose white is 1, as segmentations are saved.
  @Test func aMaskOfOnes() throws {
    defer { cleanUp() }
    func write(_ name: String, _ pixels: (Int) -> UInt8) throws {
      try Data(Picture(width: 28, height: 28, channels: 1, pixels: (0..<784).map(pixels)).png())
        .write(to: folder.appendingPathComponent(name))
    }
    try write("p.png") { UInt8(truncatingIfNeeded: $0) }
    try write("m.png") { $0 < 392 ? 1 : 0 }
    let line = "--init-image p.png --mask m.png --steps 2 --jump-count 1 --out o.png"
    let refused = try run(line)
    #expect(
      refused.errors
        == """
        sample: m.png: has pixels of 0 and 1, where white is 255, so that it keeps all of the picture; \
        save (array * 255).astype('uint8')

        """)
    try write("m.png") { $0 < 392 ? 255 : 0 }
    #expect(try run(line).status == 0)
  }
}
