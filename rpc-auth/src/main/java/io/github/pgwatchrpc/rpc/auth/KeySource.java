package io.github.pgwatchrpc.rpc.auth;

import java.util.List;

/** Where keys come from. Used by one thread at a time; may block. */
@FunctionalInterface
public interface KeySource {

    /**
     * Reads all keys.
     *
     * @return what is there now
     * @throws KeyFileException if it cannot be read or believed
     */
    List<NamedKey> load() throws KeyFileException;
}
