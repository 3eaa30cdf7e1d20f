// Runs a SavedModel by the loader that TensorFlow Serving uses.
//
//   load_saved_model SAVED_MODEL SIGNATURE IMAGE...
//
// Prints, for every output of the signature, its name and its values.

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "tensorflow/cc/saved_model/loader.h"
#include "tensorflow/core/framework/tensor.h"

namespace tf = tensorflow;

std::string ReadFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int main(int argc, char** argv) {
  tf::SavedModelBundle bundle;
  auto status = tf::LoadSavedModel(tf::SessionOptions(), tf::RunOptions(),
                                   argv[1], {"serve"}, &bundle);
  if (!status.ok()) {
    std::cerr << status << std::endl;
    return 1;
  }
  const auto signature = bundle.GetSignatures().at(argv[2]);
  tf::Tensor encoded(tf::DT_STRING, tf::TensorShape({argc - 3}));
  for (int i = 3; i < argc; ++i) {
    encoded.flat<tf::tstring>()(i - 3) = ReadFile(argv[i]);
  }
  std::vector<std::string> names, tensors;
  for (const auto& output : signature.outputs()) {
    names.push_back(output.first);
    tensors.push_back(output.second.name());
  }
  std::vector<tf::Tensor> answers;
  status = bundle.session->Run(
      {{signature.inputs().begin()->second.name(), encoded}}, tensors, {},
      &answers);
  if (!status.ok()) {
    std::cerr << status << std::endl;
    return 2;
  }
  for (size_t i = 0; i < names.size(); ++i) {
    std::cout << names[i];
    if (answers[i].dtype() == tf::DT_STRING) {
      for (int j = 0; j < answers[i].NumElements(); ++j) {
        std::cout << "\t" << answers[i].flat<tf::tstring>()(j);
      }
    } else {
      std::cout.precision(9);
      for (int j = 0; j < answers[i].NumElements(); ++j) {
        std::cout << "\t" << answers[i].flat<float>()(j);
      }
    }
    std::cout << std::endl;
  }
  return 0;
}
