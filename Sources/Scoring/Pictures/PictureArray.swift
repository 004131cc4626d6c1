import DiffusionBytes
import DiffusionFiles
import DiffusionImages
import TensorCore

/// The pictures in a `.npz`: uint8 `arr_0` (or `images`), `[N, H, W]` or `[N, H, W, C]`.
///
/// An array that is stored as it is, as `numpy.savez` and `sample` write it, is read from the mapped file picture by
/// picture; a compressed one is unpacked as a whole.
struct PictureArray: PictureSource {
  private let file: MappedFile
  /// The unpacked bytes of a compressed array, with its header.
  private let unpacked: [UInt8]?
  /// Where the pixels begin, in the file or in `unpacked`.
  private let begin: Int
  private let shape: [Int]

  let labels: [Int]?
  let classNames: [String]?
  let labelsFault: String?

  init(npz file: MappedFile) throws(ScoringError) {
    self.file = file
    let path = file.name
    let bytes = file.slice(0, file.count) ?? .init(start: nil, count: 0)
    let archive: ZipArchive
    do { archive = try ZipArchive(bytes, takesDeflate: true) } catch { throw .image(.npz(path: path, .zip(error))) }
    let names = archive.entries.keys.filter { $0.hasSuffix(".npy") }.sorted().map { String($0.dropLast(4)) }
    let name = ["arr_0", "images"].first(where: names.contains) ?? "arr_0"
    guard let entry = archive.entries["\(name).npy"] else {
      if names.contains("mu") && names.contains("sigma") { throw .momentsAsPictures(path: path) }
      throw .image(.npz(path: path, .missing(array: name, found: names)))
    }
    let (stored, unpacked) = try Self.checked(entry, name, in: file)
    let layout: NPYLayout
    do {
      layout = try NPYLayout((unpacked?.prefix(1 << 16) ?? [UInt8](stored.prefix(1 << 16))[...]))
    } catch { throw .image(.npz(path: path, .array(name, error))) }
    guard layout.type == "|u1" else { throw .pixelType(path: path, array: name, type: layout.type) }
    guard let shape = pictureShape(layout.shape), [1, 3].contains(shape[3]), !shape.contains(0) else {
      throw .pixelShape(path: path, array: name, shape: layout.shape)
    }
    var size = 1
    for side in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: side)
      size = overflow ? .max : product
    }
    let found = (unpacked?.count ?? stored.count) - layout.offset
    guard size == found else {
      throw .image(.npz(path: path, .array(name, .size(shape: layout.shape, needed: size, found: found))))
    }
    func other(_ name: String) throws(ScoringError) -> Result<NPYArray, NPYFault>? {
      guard let entry = archive.entries["\(name).npy"] else { return nil }
      let (stored, unpacked) = try Self.checked(entry, name, in: file)
      return Result { () throws(NPYFault) in try parseNPY((unpacked ?? [UInt8](stored))[...]) }
    }
    if case .success(let array)? = try other("class_names"), case .text(let names) = array.elements {
      classNames = names
    } else {
      classNames = nil
    }
    let labelsName = ["arr_1", "labels"].first(where: names.contains) ?? "labels"
    let (labels, fault) = try other(labelsName).map { Self.labels($0, pictures: shape[0]) } ?? (nil, nil)
    (self.labels, labelsFault) = (labels, fault.map { "array \(labelsName) \($0)" })
    (self.unpacked, self.shape) = (unpacked, shape)
    begin = layout.offset + (unpacked == nil ? entry.place.lowerBound : 0)
  }

  /// The labels of the pictures that an array holds, or why it holds none, and what to save instead.
  private static func labels(_ array: Result<NPYArray, NPYFault>, pictures: Int) -> (labels: [Int]?, fault: String?) {
    func fault(ofType type: String) -> String {
      "holds elements of type \(type), but labels are whole numbers; save \(ArrayAdvice.labels(ofType: type))"
    }
    switch array {
    case .failure(.unknownType(let type)): return (nil, fault(ofType: type))
    case .failure(let other): return (nil, other.description)
    case .success(let array) where array.shape != [pictures]:
      let advice = ArrayAdvice.labels(array.shape, pictures: pictures).map { "; save \($0)" } ?? ""
      return (nil, "has the shape \(array.shape), but labels are [N], one for each picture\(advice)")
    case .success(let array):
      let labels = array.elements.integers
      return (labels, labels == nil ? fault(ofType: array.elements.type) : nil)
    }
  }

  /// The bytes of an array as they are stored, and unpacked if they are compressed; their checksum is right.
  private static func checked(
    _ entry: ZipArchive.Entry, _ name: String, in file: MappedFile
  ) throws(ScoringError) -> (stored: UnsafeRawBufferPointer, unpacked: [UInt8]?) {
    let stored = file.slice(entry.place.lowerBound, entry.place.count) ?? .init(start: nil, count: 0)
    func damaged(_ fault: InflateFault) -> ScoringError {
      .image(.npz(path: file.name, .inflate(entry: "\(name).npy", fault)))
    }
    if entry.isDeflated {
      do {
        return (
          stored, try inflated([UInt8](stored)[...], size: entry.size, checksum: entry.checksum, limit: 1 << 36)
        )
      } catch { throw damaged(error) }
    }
    var checksum = CRC32()
    checksum.update(stored)
    guard checksum.value == entry.checksum else { throw damaged(.checksum) }
    return (stored, nil)
  }

  var path: String { file.name }
  var count: Int { shape[0] }

  func fingerprint(progress: (Int, Int) -> Void) throws -> String { file.sha256() }

  func picture(_ index: Int) throws(ScoringError) -> Picture {
    let size = shape[1] * shape[2] * shape[3]
    let offset = begin + index * size
    // The sizes were checked when the file was opened.
    let pixels = unpacked.map { Array($0[offset..<offset + size]) } ?? file.slice(offset, size).map { [UInt8]($0) }
    guard let pixels else { throw .file(.empty(path: path)) }
    return Picture(width: shape[2], height: shape[1], channels: shape[3], pixels: pixels)
  }
}

/// The pictures in a `.npy`: numbers in [-1, 1], `[N, C, H, W]`, which become pixels as those of drawn pictures do.
struct NumberArray: PictureSource {
  private let file: MappedFile
  private let numbers: Tensor

  init(_ file: MappedFile) throws(ScoringError) {
    self.file = file
    let bytes = file.slice(0, file.count).map { [UInt8]($0) } ?? []
    if let layout = try? NPYLayout(bytes.prefix(1 << 16)), layout.type == "|u1" {
      throw .pixelsAsNumbers(path: file.name, shape: layout.shape)
    }
    do { numbers = try readNPY(bytes, path: file.name) } catch { throw .image(error) }
    guard numbers.shape.count == 4, [1, 3].contains(numbers.shape[1]), numbers.count > 0 else {
      throw .numberShape(path: file.name, shape: numbers.shape)
    }
    for index in 0..<numbers.shape[0] {
      let values = numbers.rows(index..<index + 1).values
      if values.allSatisfy({ abs($0) <= 1.001 }) { continue }
      let reason =
        values.contains(where: \.isNaN)
        ? "has values that are no numbers (NaN)"
        : "has numbers outside -1 to 1" + (ArrayAdvice.signed(numbers.values).map { "; save \($0)" } ?? "")
      throw .badPicture(name: "\(file.name), picture \(index)", reason: reason)
    }
  }

  var path: String { file.name }
  var count: Int { numbers.shape[0] }

  func fingerprint(progress: (Int, Int) -> Void) throws -> String { file.sha256() }

  func picture(_ index: Int) throws(ScoringError) -> Picture {
    do { return try Picture(numbers, index) } catch { throw .image(error) }
  }
}
