/// A file that bytes are added to, such as one in which an archive grows.
public protocol GrowingFile: AnyObject {
  /// What is thrown where bytes cannot be written.
  associatedtype Failure: Error

  /// Adds bytes, which are valid during the call only.
  func append(_ bytes: UnsafeRawBufferPointer) throws(Failure)

  /// Adds bytes.
  func append(_ bytes: [UInt8]) throws(Failure)

  /// Writes bytes over those from `offset` on, which must have been added: what stands in front and is known only at the end.
  func overwrite(at offset: Int, _ bytes: [UInt8]) throws(Failure)
}
