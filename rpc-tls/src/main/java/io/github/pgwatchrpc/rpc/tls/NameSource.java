package io.github.pgwatchrpc.rpc.tls;

import java.time.Duration;
import java.util.Set;

/** Where the names come from that a server certificate has to carry. */
@FunctionalInterface
interface NameSource {
    /**
     * The names and addresses by which clients may reach this server, in the spelling of {@link HostNames}.
     *
     * @param patience how long the caller can wait for names that are slow to find; zero: only what is known already
     */
    Set<String> names(Duration patience);
}
