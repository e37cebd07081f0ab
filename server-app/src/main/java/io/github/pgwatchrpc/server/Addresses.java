package io.github.pgwatchrpc.server;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** Reads and writes {@code HOST:PORT}. */
final class Addresses {

    private Addresses() {}

    static InetSocketAddress parse(String option, String text) throws ConfigException {
        int colon = text.lastIndexOf(':');
        String hint = "for example " + option + " 0.0.0.0:5000, or [::1]:5000 for an IPv6 address";
        if (colon < 0) {
            throw new ConfigException(option + ": " + text + " (expected: HOST:PORT)", hint);
        }
        String host = text.substring(0, colon);
        int port;
        try {
            port = Integer.parseInt(text.substring(colon + 1));
        } catch (NumberFormatException e) {
            throw new ConfigException(
                    option + ": port " + text.substring(colon + 1) + " (expected: a number)", hint, e);
        }
        if (port < 0 || port > 65535) {
            throw new ConfigException(option + ": port " + port + " (expected: 0 to 65535)", hint);
        }
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        try {
            return host.isEmpty()
                    ? new InetSocketAddress(port)
                    : new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (UnknownHostException e) {
            throw new ConfigException(option + ": host " + host + " cannot be found", hint, e);
        }
    }

    /** What another machine would connect to. */
    static String reachable(InetSocketAddress address) {
        if (!address.getAddress().isAnyLocalAddress()) {
            return print(address);
        }
        try {
            return InetAddress.getLocalHost().getHostName() + ":" + address.getPort();
        } catch (UnknownHostException e) {
            return "THIS-HOST:" + address.getPort();
        }
    }

    /** What this machine itself would connect to. */
    static InetSocketAddress local(InetSocketAddress address) {
        return address.getAddress().isAnyLocalAddress()
                ? new InetSocketAddress(InetAddress.getLoopbackAddress(), address.getPort())
                : address;
    }

    static String print(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }
}
