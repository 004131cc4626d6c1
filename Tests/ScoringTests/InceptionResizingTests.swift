import DiffusionImages
import DiffusionScoring
import TensorCore
import TestSupport
import Testing

struct InceptionResizingTests {
  private func picture(_ height: Int, _ width: Int, channels: Int = 3) -> Picture {
    let values = numbers(named: "\(height)x\(width)", [height, width, channels]).values
    return Picture(width: width, height: height, channels: channels, pixels: values.map { UInt8(($0 + 1) * 128) })
  }

  /// Against torch-fidelity, pytorch-fid and clean-fid: enlarged, the same size, shrunk in one direction or in both.
  @Test(arguments: InceptionResizing.allCases, [(8, 5), (32, 32), (1, 1), (299, 299), (310, 600)])
  func agreesWithThePackages(resizing: InceptionResizing, size: (height: Int, width: Int)) throws {
    let expected = try Fixture("scoring/resizing").tensor("\(resizing.rawValue).\(size.height)x\(size.width)")
    // Beside another, so that pictures of a batch are told apart.
    let found = resizing([picture(3, 2), picture(size.height, size.width)])
    #expect(found.shape == [2, 299, 299, 3])
    let values = Array(found.values[(299 * 299 * 3)...])
    let kept = stride(from: 0, to: values.count, by: 257).map { values[$0] }
    expectClose(Tensor([kept.count], kept), expected, tolerance: 5e-7, "\(resizing) of \(size)")
  }

  @Test(arguments: InceptionResizing.allCases) func greyIsRepeated(resizing: InceptionResizing) {
    let grey = picture(12, 9, channels: 1)
    let found = resizing([grey])
    #expect(found.values == resizing([grey.converted(toChannels: 3)]).values)
    #expect(found.values[0] == found.values[1] && found.values[1] == found.values[2])
  }

  /// The range of each: 0 and 255 become -1 and 127/128, or -1 and 1.
  @Test func ranges() {
    for (resizing, white) in [(InceptionResizing.tensorFlow, Float(0.9921875)), (.torch, 1), (.clean, 0.9921875)] {
      for (value, expected) in [(UInt8(0), Float(-1)), (255, white)] {
        let found = resizing([Picture(width: 2, height: 2, channels: 1, pixels: [value, value, value, value])])
        #expect(found.values.allSatisfy { abs($0 - expected) < 1e-6 })
      }
    }
  }
}
