// SPDX-License-Identifier: MIT
// Any bytes as a tokenizer's file or a chat template: a sentence, or a tokenizer that takes any text.
//
// The first byte says what the others are: j tokenizer.json, s SentencePiece, l llama2.c, v vocab.json and
// merges.txt after a line ----, w vocab.txt, t a chat template.
#include <heed/text/tokenizer.hpp>

#include <cstdlib>

namespace {

namespace text = heed::detail::text;

constexpr std::string_view nasty =
    " Hello  world\n\n it's 12,345\t<s></s><unk>[CLS] \xC3\xA9 e\xCC\x81 \xE4\xB8\xAD\xE6\x96\x87 "
    "\xF0\x9F\x98\x80 "
    "\xE2\x96\x81 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ";

std::shared_ptr<text::tokenizer_parts> read(char kind, std::string_view bytes) {
  if (kind == 'j') return text::read_tokenizer_json(bytes);
  if (kind == 's') return text::read_sentencepiece(bytes);
  if (kind == 'l') return text::read_llama2c(bytes);
  if (kind == 'w') return text::read_bert_words(bytes, {});
  const std::size_t line = (std::min)(bytes.find("----"), bytes.size());
  const std::string_view merges = bytes.substr((std::min)(line + 5, bytes.size()));
  return text::read_byte_level(bytes.substr(0, line), merges, "", false);
}

void use(const heed::tokenizer& tokenizer) {
  for (const bool parse : {true, false}) {
    const std::vector<heed::index> ids = tokenizer.encode(nasty, {.parse_special = parse});
    const std::string decoded = tokenizer.decode(ids);
    heed::token_stream stream = tokenizer.stream();
    for (const heed::index id : ids) stream.push(id);
    stream.finish();
  }
}

void render(std::string_view source) {
  const text::special_tokens names{
      .bos = "<s>", .eos = "</s>", .chat_template = std::string(source)};
  const text::marked_text chat = text::render_chat(
      names, {{"system", "Be brief."}, {"user", "Hi <s> there"}, {"assistant", "Ho"}, {"user", ""}},
      {});
  std::size_t end = 0;
  for (const text::text_range& r : chat.spoken_parts()) {
    if (r.begin < end || r.end <= r.begin || r.end > chat.size()) std::abort();
    end = r.end;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    if (data[0] == 't')
      render(bytes);
    else
      use(heed::tokenizer(read(static_cast<char>(data[0]), bytes)));
  } catch (const heed::tokenizer_error& error) {
    if (std::string_view(error.what()).empty()) std::abort();
  }
  return 0;
}
