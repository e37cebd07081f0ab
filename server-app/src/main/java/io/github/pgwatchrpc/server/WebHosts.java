package io.github.pgwatchrpc.server;

import io.netty.util.NetUtil;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Which names of the web address are right in a {@code Host} header. A page of somebody else can make a browser beside the
 * receiver read the status pages, by a name of its own that suddenly leads to this machine; then that name stands in the
 * header. An address cannot be turned around so, and whatever sends no such header is no browser. Thread-safe.
 */
final class WebHosts {

    private final Set<String> given = new HashSet<>();
    private final Supplier<? extends Collection<String>> own;

    /**
     * Takes this machine's own names, and more.
     *
     * @param own names and wildcards of this machine, asked for each time, since they can change
     * @param given names of {@code --web-host}
     * @throws ConfigException if one of them is no name
     */
    WebHosts(Supplier<? extends Collection<String>> own, List<String> given) throws ConfigException {
        this.own = own;
        for (String each : given) {
            String name = canonical(each);
            if (!name.matches("[a-z0-9_-]+(\\.[a-z0-9_-]+)*")) {
                throw new ConfigException(
                        "--web-host: " + each + " (expected: a name without a port)",
                        "for example --web-host status.example.com; addresses are right without being named");
            }
            this.given.add(name);
        }
    }

    /**
     * Looks at a header.
     *
     * @param header as it came, with a port or without
     * @return whether it names this machine
     */
    boolean isRight(String header) {
        String host = withoutPort(header);
        if (host.startsWith("[") && host.endsWith("]")) {
            return NetUtil.isValidIpV6Address(host.substring(1, host.length() - 1));
        }
        if (NetUtil.isValidIpV4Address(host)) {
            return true;
        }
        String name = canonical(host);
        return name.equals("localhost")
                || name.endsWith(".localhost")
                || given.contains(name)
                || own.get().stream().anyMatch(each -> matches(canonical(each), name));
    }

    private static boolean matches(String pattern, String name) {
        if (!pattern.startsWith("*.")) {
            return pattern.equals(name);
        }
        int dot = name.indexOf('.');
        return dot > 0 && name.substring(dot).equals(pattern.substring(1));
    }

    private static String withoutPort(String header) {
        int colon = header.lastIndexOf(':');
        boolean port = colon > header.lastIndexOf(']')
                && header.chars().skip(colon + 1).allMatch(each -> each >= '0' && each <= '9');
        return port ? header.substring(0, colon) : header;
    }

    /** A dot at the end says that the name is complete, and changes nothing here. */
    private static String canonical(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }
}
