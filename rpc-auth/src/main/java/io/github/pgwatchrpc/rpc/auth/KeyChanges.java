package io.github.pgwatchrpc.rpc.auth;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes into the audit log, by name, what has become of keys while the receiver runs. */
final class KeyChanges {

    private static final Logger AUDIT = LoggerFactory.getLogger(AuditLog.NAME);

    private KeyChanges() {}

    /** What is there now and was not, was there and is not, or is not as it was. A key of yesterday's is no news. */
    static void tell(List<NamedKey> before, List<NamedKey> after) {
        Map<String, NamedKey> old = byName(before);
        Map<String, NamedKey> now = byName(after);
        now.forEach((name, key) -> {
            NamedKey known = old.get(name);
            if (known == null) {
                AUDIT.info("added {}", describe(key));
            } else if (key.revoked().isPresent() && known.revoked().isEmpty()) {
                AUDIT.info("revoked key={}", name);
            } else if (!key.hash().equals(known.hash())) {
                AUDIT.info("replaced {}", describe(key));
            } else if (!key.equals(known)) {
                AUDIT.info("changed {}", describe(key));
            }
        });
        old.keySet().stream()
                .filter(name -> !now.containsKey(name))
                .forEach(name -> AUDIT.info("removed key={}", name));
    }

    private static Map<String, NamedKey> byName(List<NamedKey> keys) {
        Map<String, NamedKey> named = new LinkedHashMap<>();
        for (NamedKey each : keys) {
            if (each.former().isEmpty()) {
                named.put(each.label(), each);
            }
        }
        return named;
    }

    private static String describe(NamedKey key) {
        return "key=" + key.label() + " expires="
                + key.expires().map(Instant::toString).orElse("never")
                + " databases=" + key.databases() + " scope=" + key.scopes()
                + (key.rates().equals(Rates.NONE) ? "" : " " + key.rates())
                + key.revoked().map(at -> " revoked=" + at).orElse("");
    }

    /** Keys whose end lies between two times. */
    static void tellExpired(List<NamedKey> keys, Instant from, Instant to) {
        for (NamedKey each : keys) {
            if (each.isExpired(to) && !each.isExpired(from) && each.revoked().isEmpty()) {
                AUDIT.info("expired key={}", each.label());
            }
        }
    }
}
