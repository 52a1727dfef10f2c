import type { AuditLogStore, LogCommit, LogCommitResult } from '@exoarmur/contracts';

/** What happens around one commit; by default the store simply gets it. */
export type CommitStage = (
  commit: LogCommit,
  proceed: () => Promise<LogCommitResult>,
  tenant: string,
) => Promise<LogCommitResult>;

/** A store whose commits are staged by the test: to fail before or after the write, or to let somebody else go first. */
export const stagedStore = (store: AuditLogStore, stage: () => CommitStage | undefined): AuditLogStore =>
  new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (name !== 'commit') return member.bind(target);
      return (tenant: string, commit: LogCommit) => {
        const proceed = () => target.commit(tenant, commit);
        return stage()?.(commit, proceed, tenant) ?? proceed();
      };
    },
  });
