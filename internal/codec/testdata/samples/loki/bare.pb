
³
4{app="checkout", env="prod", path="C:\\temp\\\"x\""}h
€âÏª•šï:level=info msg="order 17 paid",
trace_id 4bf92f3577b34da6a3ce929d0e0e4736
userada5
âÏª+{"level":"warn","msg":"retry \u00e9","n":3}Ó
‚âÏªÈa longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; a longer line without news; µ¸ğş-
.
{`k8s.pod`=`web-1`,job="x"}
ƒâÏªplain