import Testing

@testable import DiffusionTraining

/// The classes that owners of such folders expect.
struct FolderClassesTests {
  private func classes(_ files: [String], _ source: ClassSource? = nil) -> (names: [String], labels: [Int])? {
    var missing = 0
    return FolderClasses(files.map { $0[...] }, source: source, missing: &missing).map { ($0.names, $0.labels) }
  }

  @Test(
    "Folders of known data sets, and of people's own pictures, have the classes that their owners expect",
    arguments: [
      // improved-diffusion's rule, also where the data is in parts.
      (["cat_1.png", "cat_2.png", "dog_1.png"], ["cat", "dog"]),
      (["part1/cat_1.png", "part1/dog_1.png", "part2/cat_2.png", "part2/dog_2.png"], ["cat", "dog"]),
      (["part1/cat_1.png", "part2/cat_2.png"], ["cat"]),
      (["part1/cat_1.png", "part1/dog_1.png", "part2/cat_2.png"], ["cat", "dog"]),
      (["pics/cat_1.png", "pics/cat_2.png", "pics/dog_1.png", "pics/dog_2.png"], ["cat", "dog"]),
      (["cat_1.png", "more/cat_2.png", "more/dog_1.png"], ["cat", "dog"]),
      (["3_1.png", "7_1.png", "3_2.png"], ["3", "7"]),
      // A folder each.
      (["cat/1.png", "dog/1.png"], ["cat", "dog"]),
      (["train/cat/1.png", "train/dog/1.png", "val/cat/2.png"], ["cat", "dog"]),
      (["animals/cat/1.png", "animals/dog/1.png", "things/car/1.png"], ["car", "cat", "dog"]),
      // ImageNet, with validation pictures beside; tiny ImageNet; Caltech; faces; own photographs.
      (["n01/n01_1.JPEG", "n01/n01_7.JPEG", "n02/n02_3.JPEG"], ["n01", "n02"]),
      (
        [
          "train/n01/n01_1.JPEG", "train/n02/n02_3.JPEG", "val/n01/ILSVRC2012_val_1.JPEG",
          "val/n02/ILSVRC2012_val_2.JPEG",
        ],
        ["n01", "n02"]
      ),
      (["n01/images/n01_0.JPEG", "n01/images/n01_1.JPEG", "n02/images/n02_0.JPEG"], ["n01", "n02"]),
      (["ant/image_0001.jpg", "bee/image_0001.jpg"], ["ant", "bee"]),
      (
        ["Ann_Lee/Ann_Lee_01.jpg", "Ann_Roe/Ann_Roe_01.jpg", "Bob_Lee/Bob_Lee_01.jpg"],
        ["Ann_Lee", "Ann_Roe", "Bob_Lee"]
      ),
      (["cat/IMG_1.jpg", "cat/DSC_2.jpg", "dog/IMG_1.jpg", "dog/20250131_2.jpg"], ["cat", "dog"]),
      (["cat/train/1.png", "cat/test/2.png", "dog/train/1.png", "dog/test/2.png"], ["cat", "dog"]),
      // What belongs to no class folder stays visible: `train` warns of it.
      (["train/1.png", "val/2.png"], ["train", "val"]),
    ])
  func layouts(_ files: [String], names: [String]) throws {
    #expect(try #require(classes(files)).names == names)
  }

  @Test(
    "Names that only count, as cameras do, are no classes",
    arguments: [
      ["IMG_1.jpg", "IMG_2.jpg"], ["img_0001.png", "img_0002.png"], ["1.png", "2.png"],
      ["20250131_1.jpg", "20250201_2.jpg"],
    ])
  func counters(_ files: [String]) { #expect(classes(files) == nil) }

  @Test("What --classes-from says counts")
  func stated() throws {
    let files = ["cat/black_1.png", "cat/white_1.png", "dog/black_1.png", "dog/white_2.png"]
    #expect(try #require(classes(files)).names == ["black", "white"])
    #expect(try #require(classes(files, .folders)).labels == [0, 0, 1, 1])
    #expect(classes(["cat/1.png"], .names) == nil && classes(["cat_1.png"], .folders) == nil)
    #expect(try #require(classes(["IMG_1.png", "DSC_1.png"], .names)).names == ["DSC", "IMG"])
  }

  @Test("A run of an earlier version goes on with the classes that it began with")
  func earlier() throws {
    var missing = 0
    let files: [Substring] = ["part1/cat_1.png", "part2/cat_2.png"]
    #expect(FolderClasses(asBefore: files, missing: &missing)?.names == ["part1", "part2"])
    #expect(FolderClasses(asBefore: ["cat_1.png", "a/dog_1.png"], missing: &missing)?.names == ["cat", "dog"])
  }
}
