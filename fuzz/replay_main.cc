// Runs a fuzz target as a test: every seed named on the command line, then a
// few hundred mutations of each. The mutations are the same in every run, so a
// failure repeats; the search for new inputs is libFuzzer's.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace casemate {
namespace {

constexpr int kMutationsPerSeed = 300;

// SplitMix64: enough to pick places, and the same everywhere.
class Picker {
 public:
  explicit Picker(uint64_t seed) : state_(seed) {}
  // A number below `bound`, which is not 0.
  size_t Below(size_t bound) {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % bound;
  }

 private:
  uint64_t state_;
};

char AnyByte(Picker& picker) { return static_cast<char>(picker.Below(256)); }

void MutateOnce(Picker& picker, std::string& input) {
  if (input.empty()) {
    input.push_back(AnyByte(picker));
    return;
  }
  const size_t at = picker.Below(input.size());
  switch (picker.Below(6)) {
    case 0:
      input[at] = static_cast<char>(input[at] ^ (1 << picker.Below(8)));
      break;
    case 1:
      input[at] = AnyByte(picker);
      break;
    case 2:
      input.resize(at);
      break;
    case 3:
      input.insert(at, 1, AnyByte(picker));
      break;
    case 4:
      input.erase(at, 1 + picker.Below(8));
      break;
    case 5:
      input.insert(
          at, input.substr(picker.Below(input.size()), 1 + picker.Below(16)));
      break;
  }
}

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()),
                         input.size());
}

void RunMutationsOf(const std::string& seed, uint64_t number) {
  Picker picker(number);
  for (int i = 0; i < kMutationsPerSeed; ++i) {
    std::string input = seed;
    const size_t steps = 1 + picker.Below(4);
    for (size_t step = 0; step < steps; ++step) MutateOnce(picker, input);
    Run(input);
  }
}

int Replay(int count, char** paths) {
  if (count == 0) {
    std::fprintf(stderr, "the corpus is empty: nothing was tested\n");
    return 1;
  }
  for (int i = 0; i < count; ++i) {
    std::ifstream file(paths[i], std::ios::binary);
    const std::string seed((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    if (!file) {
      std::fprintf(stderr, "cannot read the seed %s\n", paths[i]);
      return 1;
    }
    // Names the input a crash belongs to.
    std::fprintf(stderr, "%s\n", paths[i]);
    Run(seed);
    RunMutationsOf(seed, i);
  }
  std::fprintf(stderr, "%d seeds and %d mutations of them\n", count,
               count * kMutationsPerSeed);
  return 0;
}

}  // namespace
}  // namespace casemate

int main(int argc, char** argv) { return casemate::Replay(argc - 1, argv + 1); }
