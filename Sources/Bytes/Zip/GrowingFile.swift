/// A file that bytes are appended to, for instance one that holds an archive.
public protocol GrowingFile: AnyObject {
  /// The error if bytes cannot be written.
  associatedtype Failure: Error

  /// Appends bytes, which are valid only during the call.
  func append(_ bytes: UnsafeRawBufferPointer) throws(Failure)

  /// Appends bytes.
  func append(_ bytes: [UInt8]) throws(Failure)

  /// Overwrites bytes from `offset` on, which must have been appended: for headers whose contents are known only at the
  /// end.
  func overwrite(at offset: Int, _ bytes: [UInt8]) throws(Failure)
}
