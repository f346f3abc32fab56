import { CONTAINER_SECURITY, POD_SECURITY } from './deployment.ts'
import { HOME, SECRETS, SPARK_AUTHENTICATE } from './names.ts'
import { over, type PodTemplate } from './pod-template.ts'

/** The template from which Spark makes executors: as little may go on there as in the driver's pod. */
export const executorPod = (name: string, template: PodTemplate): unknown => ({
  apiVersion: 'v1',
  kind: 'Pod',
  ...(template.metadata && { metadata: template.metadata }),
  spec: over(template.spec ?? {}, {
    securityContext: POD_SECURITY,
    enableServiceLinks: false,
    automountServiceAccountToken: false,
    containers: [
      {
        name: 'executor',
        // Spark reads the file of the secret only where the master is a Kubernetes, which executors are not told in time.
        env: [{ name: 'JDK_JAVA_OPTIONS', value: '-Dspark.master=k8s://the-cluster' }],
        securityContext: CONTAINER_SECURITY,
        volumeMounts: [{ name: SECRETS, mountPath: `${HOME}/${SECRETS}`, readOnly: true }],
      },
    ],
    volumes: [
      {
        name: SECRETS,
        secret: {
          secretName: name,
          defaultMode: 0o400,
          items: [{ key: SPARK_AUTHENTICATE, path: SPARK_AUTHENTICATE }],
        },
      },
    ],
  }),
})
