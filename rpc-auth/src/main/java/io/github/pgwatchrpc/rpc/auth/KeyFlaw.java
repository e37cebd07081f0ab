package io.github.pgwatchrpc.rpc.auth;

/** Why a text is not a key. */
public enum KeyFlaw implements KeyReading {
    /** There is nothing. */
    EMPTY("it is empty"),
    /** It does not begin as a key does: it may be something else altogether. */
    PREFIX("it does not begin with " + ApiKey.PREFIX),
    /** It begins as a key and ends too early. */
    TRUNCATED("it is shorter than " + ApiKey.LENGTH + " characters"),
    /** It goes on behind the end of a key. */
    TOO_LONG("it is longer than " + ApiKey.LENGTH + " characters"),
    /** It holds characters that no key has, control characters among them. */
    CHARACTERS("it holds characters that no key has"),
    /** Its checksum is wrong: a typo, not a guess. */
    CHECKSUM("its checksum is wrong: some character of it was mistyped");

    private final String text;

    KeyFlaw(String text) {
        this.text = text;
    }

    /**
     * Tells what is wrong, without telling what it is.
     *
     * @return half a sentence
     */
    public String text() {
        return text;
    }
}
