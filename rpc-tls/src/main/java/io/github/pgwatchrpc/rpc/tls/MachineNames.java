package io.github.pgwatchrpc.rpc.tls;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The names of this machine: what the operator added, {@code localhost}, the host name with and without its domain, and
 * the address of every interface. The domain is the only one of them that a name service has to be asked for; that is
 * done in the background, so a slow one delays nothing, and its answer counts from the next call on. Safe for use by
 * several threads.
 */
final class MachineNames implements NameSource {
    /** Keeps a certificate within one handshake record even on a machine with hundreds of addresses. */
    static final int MAX_NAMES = 200;

    private static final Logger LOG = LoggerFactory.getLogger(MachineNames.class);
    private static final Path KERNEL_HOST_NAME = Path.of("/proc/sys/kernel/hostname");

    private final List<String> added;
    private final NameService nameService;
    private final AtomicBoolean tooManyTold = new AtomicBoolean();
    private final Object lock = new Object();
    private @Nullable CompletableFuture<String> lookup;
    private @Nullable String fullName;

    /** Asks the machine's name service for its full name; may take as long as it likes. */
    @FunctionalInterface
    interface NameService {
        String fullName() throws IOException;
    }

    MachineNames(Collection<String> added) {
        this(added, () -> InetAddress.getLocalHost().getCanonicalHostName());
    }

    MachineNames(Collection<String> added, NameService nameService) {
        this.added = added.stream().map(HostNames::canonical).distinct().toList();
        this.nameService = nameService;
    }

    @Override
    public Set<String> names(Duration patience) {
        Set<String> names = new LinkedHashSet<>(added);
        names.add("localhost");
        addHost(names, hostName());
        addHost(names, fullName(patience));
        // sorted, so that what is cut off from too many does not change from call to call
        names.addAll(new TreeSet<>(addresses()));
        if (names.size() <= MAX_NAMES) {
            return names;
        }
        if (!tooManyTold.getAndSet(true)) {
            LOG.warn(
                    "names of this machine: {} (expected: <= {}); certificates leave out the last",
                    names.size(),
                    MAX_NAMES);
        }
        return new LinkedHashSet<>(List.copyOf(names).subList(0, MAX_NAMES));
    }

    private @Nullable String fullName(Duration patience) {
        CompletableFuture<String> current;
        synchronized (lock) {
            // a caller in no hurry waits for the answer under way; one that only looks makes sure that there will be
            // one
            if (lookup == null || (patience.isZero() && lookup.isDone())) {
                lookup = startLookup();
            }
            current = lookup;
        }
        try {
            current.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | ExecutionException e) {
            LOG.debug("the machine's full name is not known yet", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (lock) {
            return fullName;
        }
    }

    private CompletableFuture<String> startLookup() {
        CompletableFuture<String> result = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        String name = nameService.fullName();
                        synchronized (lock) {
                            fullName = name;
                        }
                        result.complete(name);
                    } catch (IOException | RuntimeException e) {
                        result.completeExceptionally(e);
                    }
                },
                "tls-host-name");
        thread.setDaemon(true);
        thread.start();
        return result;
    }

    /** The host's own idea of its name, without asking anybody. */
    private static @Nullable String hostName() {
        try {
            return Files.readString(KERNEL_HOST_NAME).strip();
        } catch (IOException e) {
            String name = System.getenv("HOSTNAME");
            return name != null ? name : System.getenv("COMPUTERNAME");
        }
    }

    private static void addHost(Set<String> names, @Nullable String host) {
        // a name service that knows no name answers with the address
        if (host == null || HostNames.address(host) != null) {
            return;
        }
        try {
            String name = HostNames.canonical(host);
            names.add(name);
            int dot = name.indexOf('.');
            if (dot > 0) {
                names.add(name.substring(0, dot));
            }
        } catch (IllegalArgumentException e) {
            LOG.debug("the machine's name does not fit into a certificate", e);
        }
    }

    private static List<String> addresses() {
        try {
            return NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    // fe80:: needs a zone, which neither a certificate nor a client's URI can carry
                    .filter(address -> !(address instanceof Inet6Address && address.isLinkLocalAddress()))
                    .map(MachineNames::text)
                    .toList();
        } catch (SocketException e) {
            LOG.debug("this machine's addresses cannot be listed", e);
            return List.of("127.0.0.1", "0:0:0:0:0:0:0:1");
        }
    }

    private static String text(InetAddress address) {
        String text = address.getHostAddress();
        int zone = text.indexOf('%');
        return zone < 0 ? text : text.substring(0, zone);
    }
}
