import static org.codelibs.opensearch.runner.OpenSearchRunner.newConfigs;

import org.codelibs.opensearch.runner.OpenSearchRunner;

/** Runs an OpenSearch node until it is stopped: OpenSearch DIRECTORY PORT. */
public final class OpenSearch {
    public static void main(String[] args) throws Exception {
        String port = args[1];
        try (OpenSearchRunner runner = new OpenSearchRunner()) {
            runner.onBuild((n, settings) -> {
                settings.put("discovery.type", "single-node");
                settings.put("http.port", port);
                settings.put("http.host", "127.0.0.1");
                settings.put("transport.port", "0");
                settings.put("transport.host", "127.0.0.1");
            }).build(newConfigs().basePath(args[0]).numOfNode(1).clusterName("e2e"));
            Thread.currentThread().join();
        }
    }
}
