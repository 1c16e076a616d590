//! The group that an artifact belongs to, where Maven did not build it and so left no word.
//!
//! Advisories name both. A guess that is wrong hides them, so only what is well known or said by the manifest
//! counts; an artifact of no known group stands by itself.

use super::manifest::Manifest;

/// Groups of artifacts that are built by Gradle, Ant or Bazel, whose archives do not name them. An artifact belongs to
/// the first row whose word it is, or begins with if that ends with `-` or `_`.
const GROUPS: &[(&str, &str)] = &[
    ("spring-boot", "org.springframework.boot"),
    ("spring-boot-", "org.springframework.boot"),
    ("spring-security-oauth2", "org.springframework.security.oauth"),
    ("spring-security-", "org.springframework.security"),
    ("spring-data-", "org.springframework.data"),
    ("spring-cloud-function-", "org.springframework.cloud"),
    ("spring-cloud-", "org.springframework.cloud"),
    ("spring-integration-", "org.springframework.integration"),
    ("spring-session-", "org.springframework.session"),
    ("spring-batch-", "org.springframework.batch"),
    ("spring-kafka", "org.springframework.kafka"),
    ("spring-amqp", "org.springframework.amqp"),
    ("spring-rabbit", "org.springframework.amqp"),
    ("spring-hateoas", "org.springframework.hateoas"),
    ("spring-ldap-", "org.springframework.ldap"),
    ("spring-retry", "org.springframework.retry"),
    ("spring-ws-", "org.springframework.ws"),
    ("spring-graphql", "org.springframework.graphql"),
    ("spring-plugin-", "org.springframework.plugin"),
    ("spring-aop", "org.springframework"),
    ("spring-aspects", "org.springframework"),
    ("spring-beans", "org.springframework"),
    ("spring-context", "org.springframework"),
    ("spring-context-", "org.springframework"),
    ("spring-core", "org.springframework"),
    ("spring-expression", "org.springframework"),
    ("spring-jcl", "org.springframework"),
    ("spring-jdbc", "org.springframework"),
    ("spring-jms", "org.springframework"),
    ("spring-messaging", "org.springframework"),
    ("spring-orm", "org.springframework"),
    ("spring-oxm", "org.springframework"),
    ("spring-test", "org.springframework"),
    ("spring-tx", "org.springframework"),
    ("spring-web", "org.springframework"),
    ("spring-webflux", "org.springframework"),
    ("spring-webmvc", "org.springframework"),
    ("spring-websocket", "org.springframework"),
    ("ant", "org.apache.ant"),
    ("antlr4-runtime", "org.antlr"),
    ("bcpg-", "org.bouncycastle"),
    ("bcpkix-", "org.bouncycastle"),
    ("bcprov-", "org.bouncycastle"),
    ("bctls-", "org.bouncycastle"),
    ("bcutil-", "org.bouncycastle"),
    ("bc-fips", "org.bouncycastle"),
    ("cassandra-all", "org.apache.cassandra"),
    ("elasticsearch", "org.elasticsearch"),
    ("elasticsearch-", "org.elasticsearch"),
    ("groovy", "org.codehaus.groovy"),
    ("groovy-", "org.codehaus.groovy"),
    ("grpc-", "io.grpc"),
    ("h2", "com.h2database"),
    ("hazelcast", "com.hazelcast"),
    ("hibernate-core", "org.hibernate"),
    ("hibernate-entitymanager", "org.hibernate"),
    ("hibernate-validator", "org.hibernate.validator"),
    ("hsqldb", "org.hsqldb"),
    ("jna", "net.java.dev.jna"),
    ("json", "org.json"),
    ("kafka-clients", "org.apache.kafka"),
    ("kafka-streams", "org.apache.kafka"),
    ("kafka_", "org.apache.kafka"),
    ("connect-runtime", "org.apache.kafka"),
    ("kotlin-", "org.jetbrains.kotlin"),
    ("kotlinx-coroutines-", "org.jetbrains.kotlinx"),
    ("log4j-1.2-api", "org.apache.logging.log4j"),
    ("log4j-api", "org.apache.logging.log4j"),
    ("log4j-core", "org.apache.logging.log4j"),
    ("lucene-", "org.apache.lucene"),
    ("lz4-java", "org.lz4"),
    ("micrometer-", "io.micrometer"),
    ("mssql-jdbc", "com.microsoft.sqlserver"),
    ("mysql-connector-j", "com.mysql"),
    ("mysql-connector-java", "mysql"),
    ("netty-", "io.netty"),
    ("ojdbc8", "com.oracle.database.jdbc"),
    ("okhttp", "com.squareup.okhttp3"),
    ("okio", "com.squareup.okio"),
    ("okio-jvm", "com.squareup.okio"),
    ("opensearch", "org.opensearch"),
    ("poi", "org.apache.poi"),
    ("poi-", "org.apache.poi"),
    ("postgresql", "org.postgresql"),
    ("reactor-core", "io.projectreactor"),
    ("reactor-netty", "io.projectreactor.netty"),
    ("reactor-netty-", "io.projectreactor.netty"),
    ("rxjava", "io.reactivex.rxjava2"),
    ("scala-compiler", "org.scala-lang"),
    ("scala-library", "org.scala-lang"),
    ("scala-reflect", "org.scala-lang"),
    ("shiro-", "org.apache.shiro"),
    ("snappy-java", "org.xerial.snappy"),
    ("solr-core", "org.apache.solr"),
    ("solr-solrj", "org.apache.solr"),
    ("spark-core_", "org.apache.spark"),
    ("sqlite-jdbc", "org.xerial"),
    ("tomcat-embed-", "org.apache.tomcat.embed"),
    ("velocity", "org.apache.velocity"),
    ("xalan", "xalan"),
    ("xercesImpl", "xerces"),
    ("xml-apis", "xml-apis"),
    ("xmlbeans", "org.apache.xmlbeans"),
    ("xstream", "com.thoughtworks.xstream"),
    ("zookeeper", "org.apache.zookeeper"),
    ("zstd-jni", "com.github.luben"),
];

/// Group and artifact of an archive by the name of its file and its manifest.
pub(super) fn coordinates(artifact: &str, manifest: &Manifest) -> (Option<String>, String) {
    if let Some(coordinates) = tomcat(artifact, manifest) {
        return coordinates;
    }
    let known = GROUPS
        .iter()
        .find(|(word, _)| artifact == *word || (word.ends_with(['-', '_']) && artifact.starts_with(word)));
    let group = known.map(|(_, group)| (*group).to_owned()).or_else(|| said(artifact, manifest));
    (group, artifact.to_owned())
}

/// Tomcat's own archives, built by Ant: `catalina.jar` is `tomcat-catalina` in Maven's world.
fn tomcat(artifact: &str, manifest: &Manifest) -> Option<(Option<String>, String)> {
    if manifest.title != "Apache Tomcat" || artifact.starts_with("tomcat-embed-") {
        return None;
    }
    let artifact =
        if artifact.starts_with("tomcat") { artifact.to_owned() } else { format!("tomcat-{artifact}") };
    Some((Some("org.apache.tomcat".to_owned()), artifact))
}

/// What the manifest says: `org.hibernate.core` is `hibernate-core` of `org.hibernate`, and a vendor that looks like
/// a group is one.
fn said(artifact: &str, manifest: &Manifest) -> Option<String> {
    let is_group = |text: &str| {
        text.contains('.')
            && text.split('.').all(|part| !part.is_empty())
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_'))
    };
    if is_group(&manifest.vendor) {
        return Some(manifest.vendor.clone());
    }
    let words = artifact.to_lowercase().replace(['-', '.', '_'], "");
    manifest.dotted.iter().find_map(|dotted| {
        let (group, last) = dotted.rsplit_once('.')?;
        let last = last.to_lowercase().replace(['-', '_'], "");
        (!last.is_empty() && words.ends_with(&last) && is_group(group)).then(|| group.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(artifact: &str, manifest: &str) -> String {
        let (group, artifact) = coordinates(artifact, &Manifest::read(manifest.as_bytes()));
        format!("{}:{artifact}", group.unwrap_or_default())
    }

    #[test]
    fn well_known_artifacts_have_their_group() {
        assert_eq!(of("spring-core", ""), "org.springframework:spring-core");
        assert_eq!(of("spring-boot-autoconfigure", ""), "org.springframework.boot:spring-boot-autoconfigure");
        assert_eq!(
            of("tomcat-embed-core", "Implementation-Title: Apache Tomcat\n"),
            "org.apache.tomcat.embed:tomcat-embed-core"
        );
        assert_eq!(
            of("catalina", "Implementation-Title: Apache Tomcat\n"),
            "org.apache.tomcat:tomcat-catalina"
        );
        assert_eq!(of("spring-corelike", ""), ":spring-corelike");
    }

    #[test]
    fn every_row_can_be_reached() {
        for (at, (word, group)) in GROUPS.iter().enumerate() {
            let artifact = if word.ends_with(['-', '_']) { format!("{word}x") } else { (*word).to_owned() };
            let (found, _) = coordinates(&artifact, &Manifest::default());
            assert_eq!(found.as_deref(), Some(*group), "row {at}");
        }
    }

    #[test]
    fn manifests_are_believed_where_they_fit() {
        assert_eq!(
            of("commons-lang3", "Bundle-SymbolicName: org.apache.commons.lang3\n"),
            "org.apache.commons:commons-lang3"
        );
        assert_eq!(of("x", "Implementation-Vendor-Id: org.example\n"), "org.example:x");
        assert_eq!(
            of("x", "Implementation-Vendor-Id: Example Inc.\nBundle-SymbolicName: org.other.y\n"),
            ":x"
        );
    }
}
