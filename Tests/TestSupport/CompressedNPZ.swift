import Foundation

/// A `.npz` as NumPy 2.4 compresses it:
///
///     numpy.savez_compressed(
///       file, images=numpy.tile(numpy.arange(6, dtype='u1'), 40).reshape(10, 4, 6), labels=numpy.array([0, 1] * 5,
///       'u1'), class_names=numpy.array(['zäh', 'b']), codes=numpy.array([b'ab', b'c']))
public let compressedNPZ = [UInt8](
  Data(
    base64Encoded: """
      UEsDBC0AAAAIAAAAIQCgwizA//////////8KABQAaW1hZ2VzLm5weQEAEABwAQAAAAAAAFMAAAAAAAAAm+wX6hsQychQxlCtnpJanFyk
      bqWgXlNqqK6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkahgY6CiY6CmaaOgq1CmQBLgZGJmYW1pFDAgBQSwMELQAAAAgAAAAh
      AM8f6GT//////////woAFABsYWJlbHMubnB5AQAQAIoAAAAAAAAASQAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBeU2qorqOgnpZf
      VFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RqGBjqaOgq1CuQDLgZGGAQAUEsDBC0AAAAIAAAAIQBZEmeN//////////8PABQAY2xhc3Nf
      bmFtZXMubnB5AQAQAJgAAAAAAAAAUQAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuE2qsrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWK
      F2ckFqQC+RpGOpo6CrUKFACuKgYGhidAnAHESQwIAABQSwMELQAAAAgAAAAhALY18df//////////wkAFABjb2Rlcy5ucHkBABAAhAAA
      AAAAAABIAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loF4TbKSuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6mjoKtQoU
      AK7EpGQGAFBLAQItAy0AAAAIAAAAIQCgwizAUwAAAHABAAAKAAAAAAAAAAAAAACAAQAAAABpbWFnZXMubnB5UEsBAi0DLQAAAAgAAAAh
      AM8f6GRJAAAAigAAAAoAAAAAAAAAAAAAAIABjwAAAGxhYmVscy5ucHlQSwECLQMtAAAACAAAACEAWRJnjVEAAACYAAAADwAAAAAAAAAA
      AAAAgAEUAQAAY2xhc3NfbmFtZXMubnB5UEsBAi0DLQAAAAgAAAAhALY18ddIAAAAhAAAAAkAAAAAAAAAAAAAAIABpgEAAGNvZGVzLm5w
      eVBLBQYAAAAABAAEAOQAAAApAgAAAAA=
      """, options: .ignoreUnknownCharacters)!)
