import { describe, expect, it } from 'vitest';
import { createPolicySet } from '../../test/requests.ts';
import { checkPolicySet } from '../index.ts';

const PERMIT_ALL = 'permit(principal, action, resource);';

/** The findings of a set as `policy kind by`. */
function findingsOf(policies: Readonly<Record<string, string>>): readonly string[] {
  const { problems, findings } = checkPolicySet(createPolicySet(policies));
  expect(problems).toEqual([]);
  return findings.map(({ policy, kind, by }) => [policy, kind, by].filter((part) => part !== null).join(' '));
}

describe('checkPolicySet', () => {
  it('has nothing to say of policies that each do something', () => {
    const policies = {
      all: PERMIT_ALL,
      archive: 'forbid(principal, action, resource in Directory::"/srv/archive");',
      asked: '@approval("human") forbid(principal, action == Action::"file.delete", resource);',
    };
    expect(findingsOf(policies)).toEqual([]);
  });

  it('names the policy that makes a set refused, and finds nothing then', () => {
    const check = checkPolicySet(
      createPolicySet({ PERMIT_ALL, typo: 'permit(principal, action, resource) when { x };' }),
    );
    expect(check.problems.map(({ policy }) => policy)).toEqual(['typo']);
    expect(check.findings).toEqual([]);
  });

  it('names an attribute that the schema does not know', () => {
    const set = createPolicySet({ p: 'permit(principal, action, resource) when { context.trusted };' });
    expect(checkPolicySet(set).problems[0]?.message).toContain('`trusted`');
  });

  it.each([
    ['a trailing slash', 'permit(principal, action, resource in Directory::"/srv/data/");'],
    ['a relative directory', 'permit(principal, action, resource in Directory::"srv");'],
    ['a dot segment', 'permit(principal, action, resource == Path::"/srv/../etc");'],
    ['an upper case host', 'permit(principal, action, resource in Host::"Example.com");'],
    ['a host with a port', 'permit(principal, action, resource in Host::"example.com:8080");'],
    ['a tool without a server', 'permit(principal, action, resource == Tool::"create_issue");'],
    ['a url in another spelling', 'permit(principal, action, resource == Url::"https://example.com:443/");'],
    ['an actor with a space', 'permit(principal == Agent::"build bot", action, resource);'],
    ['a directory as the target itself', 'permit(principal, action, resource == Directory::"/srv");'],
    ['a target type that none has', 'permit(principal, action, resource is Directory);'],
    ['a condition that is always false', 'permit(principal, action, resource) when { false };'],
    ['an attribute that nothing has', 'permit(principal, action, resource) when { context has nothing };'],
  ])('finds %s unreachable', (_, dead) => {
    expect(findingsOf({ PERMIT_ALL, dead })).toEqual(['dead unreachable']);
  });

  it.each([
    ['/', 'resource in Directory::"/"'],
    ['a top domain', 'resource in Host::"com"'],
    ['an address', 'resource in Host::"10.0.0.1"'],
    ['an address of version 6', 'resource in Host::"[2606:4700::1111]"'],
    ['a label that no web address has', 'resource in Host::"xn--a"'],
    ['a server', 'resource in Server::"github"'],
    ['a path that contains itself', 'resource in Path::"/srv"'],
  ])('does not call %s unreachable', (_, scope) => {
    expect(findingsOf({ all: `forbid(principal, action, ${scope});`, PERMIT_ALL })).toEqual([]);
  });

  it('finds a permit that a plain forbid always defeats, and the actions that nothing permits', () => {
    const policies = {
      no: 'forbid(principal, action in [Action::"file.delete"], resource in Directory::"/srv");',
      yes: 'permit(principal, action == Action::"file.delete", resource in Directory::"/srv/data") when { context has trust_milli };',
      read: 'permit(principal, action == Action::"file.read", resource);',
    };
    expect(findingsOf(policies)).toEqual([
      'yes never_permits no',
      'action_never_permitted',
      'action_never_permitted',
      'action_never_permitted',
    ]);
    const messages = checkPolicySet(createPolicySet(policies)).findings.map(({ message }) => message);
    expect(messages).toContain('no policy can permit `file.delete`');
    expect(messages).not.toContain('no policy can permit `file.read`');
  });

  it('finds an action that a plain forbid takes out of a wider permit', () => {
    const no = 'forbid(principal, action == Action::"mcp.call", resource);';
    const { findings } = checkPolicySet(createPolicySet({ PERMIT_ALL, no }));
    expect(findings.map(({ message }) => message)).toEqual(['no policy can permit `mcp.call`']);
  });

  it.each([
    ['a forbid that approvals lift', '@approval("human") forbid(principal, action, resource);'],
    ['a forbid with a condition of its own', 'forbid(principal, action, resource) when { context has trust_milli };'],
    ['a forbid on a sibling', 'forbid(principal, action, resource in Directory::"/srv/database");'],
    ['a forbid of one path', 'forbid(principal, action, resource == Path::"/srv/data");'],
    ['a forbid of other actors', 'forbid(principal is Agent, action, resource);'],
  ])('does not take %s for the end of a permit', (_, no) => {
    expect(
      findingsOf({ all: PERMIT_ALL, no, yes: 'permit(principal, action, resource in Directory::"/srv/data");' }),
    ).toEqual(['yes shadowed all']);
  });

  it('finds a permit within a permit and a forbid within a forbid, by scope and by conditions', () => {
    const policies = {
      inner: 'permit(principal is Human, action, resource == Path::"/srv/data/a") when { context has trust_milli };',
      outer: 'permit(principal, action, resource in Directory::"/srv") when { context has trust_milli };',
      hosts: 'forbid(principal, action, resource in Host::"example.com");',
      host: 'forbid(principal, action, resource is Url in Host::"api.example.com") when { context.policy_verified };',
      tools: 'forbid(principal, action, resource in Server::"github");',
      tool: 'forbid(principal, action, resource == Tool::"github/create_issue");',
    };
    expect(findingsOf(policies)).toEqual(['host shadowed hosts', 'inner shadowed outer', 'tool shadowed tools']);
  });

  it('names one of two equal policies', () => {
    expect(findingsOf({ a: PERMIT_ALL, b: PERMIT_ALL })).toEqual(['b shadowed a']);
  });

  it('does not take addresses for domains', () => {
    const forbid = (host: string): string => `forbid(principal, action, resource in Host::"${host}");`;
    expect(findingsOf({ PERMIT_ALL, a: forbid('10.0.0.1'), b: forbid('10.0.0.1.example.com') })).toEqual([]);
  });

  it('never takes a demand for approval for one that is stricter', () => {
    const human = '@approval("human") forbid(principal, action, resource);';
    const quorum = '@approval("quorum") forbid(principal, action, resource in Directory::"/srv");';
    expect(findingsOf({ PERMIT_ALL, human, quorum })).toEqual([]);
  });

  it('knows the groups that the schema puts actions into', () => {
    const set = createPolicySet({
      all: PERMIT_ALL,
      no: 'forbid(principal, action in Action::"writes", resource);',
      yes: 'permit(principal, action == Action::"file.write", resource);',
    });
    const cedar_schema = `${set.cedar_schema}
action "writes";
action "file.write" in [Action::"writes"] appliesTo { principal: [Agent], resource: [Path], context: IntentContext };`;
    const { findings } = checkPolicySet({ ...set, cedar_schema });
    expect(findings).toMatchObject([
      { policy: 'yes', kind: 'never_permits', by: 'no' },
      { policy: null, kind: 'action_never_permitted', message: 'no policy can permit `file.write`' },
    ]);
  });
});
