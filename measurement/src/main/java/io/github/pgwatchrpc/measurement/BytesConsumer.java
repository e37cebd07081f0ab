package io.github.pgwatchrpc.measurement;

/** Takes bytes from the middle of somebody else's array. */
@FunctionalInterface
public interface BytesConsumer {

    /**
     * Takes them.
     *
     * @param array holds them; to be neither changed nor kept
     * @param offset where they begin
     * @param length how many there are
     */
    void accept(byte[] array, int offset, int length);
}
