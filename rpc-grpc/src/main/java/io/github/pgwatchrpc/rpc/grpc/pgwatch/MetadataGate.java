package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import io.github.pgwatchrpc.rpc.Authenticator;
import io.github.pgwatchrpc.rpc.Credentials;
import io.github.pgwatchrpc.rpc.Credentials.Source;
import io.github.pgwatchrpc.rpc.DeniedException;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.grpc.CallGate;
import io.github.pgwatchrpc.rpc.grpc.CallHeaders;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the key in a call's metadata and asks an {@link Authenticator}: {@code password}, which {@code
 * --sink=grpc://name:KEY@host:port} of pgwatch sends with each call, {@code username} beside it, and {@code authorization:
 * Bearer KEY} for others. Empty ones are as good as none, since pgwatch sends both when none was given. A key that comes
 * twice is handed on twice, and refused.
 *
 * <p>Every call has to show its key, since calls of many clients may share a connection behind a proxy. Health may be asked
 * without one: load balancers have none, and the answer is one of two words.
 */
public final class MetadataGate implements CallGate {

    private static final String PROTOCOL = "grpc";
    private static final String HEALTH = "grpc.health.v1.Health.";
    private static final String BEARER = "bearer ";

    private final Authenticator authenticator;

    /**
     * A gate for all connections.
     *
     * @param authenticator decides
     */
    public MetadataGate(Authenticator authenticator) {
        this.authenticator = authenticator;
    }

    @Override
    public Permit admit(CallHeaders call, RpcPeer peer, @Nullable Permit before) throws DeniedException {
        Credentials shown = find(call);
        if (shown.keys().isEmpty()) {
            if (call.method().startsWith(HEALTH)) {
                return NOTHING;
            }
            return authenticator.admit(Credentials.none(PROTOCOL), peer, null);
        }
        return authenticator.admit(shown, peer, before);
    }

    /** Enough for health, which asks for nothing. */
    private static final Permit NOTHING = database -> {
        throw new DeniedException(RpcException.Kind.UNAUTHENTICATED, "no key was shown", 0);
    };

    private static Credentials find(CallHeaders call) {
        List<String> keys = new ArrayList<>(1);
        Source source = Source.PASSWORD;
        for (String password : call.all("password")) {
            if (!password.isEmpty()) {
                keys.add(password);
            }
        }
        for (String authorization : call.all("authorization")) {
            if (authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
                keys.add(authorization.substring(BEARER.length()).strip());
                source = Source.BEARER;
            }
        }
        List<String> users =
                call.all("username").stream().filter(each -> !each.isEmpty()).toList();
        if (users.size() > 1 && !keys.isEmpty()) {
            // whose key it is cannot be told: as bad as two keys
            keys.add(keys.get(0));
        }
        return new Credentials(
                PROTOCOL, keys.isEmpty() ? Source.NOTHING : source, users.isEmpty() ? "" : users.get(0), keys);
    }
}
