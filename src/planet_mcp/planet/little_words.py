"""Words that name no subject, in English and in six other languages (pure).

Where few write in a language, its articles and prepositions are as rare as names.
"""

from planet_mcp.text import STOP_WORDS

LITTLE_WORDS = STOP_WORDS | frozenset(
    (
        "les lui je alors ans après aux avant avec bien ces cet cette chez comme contre dans "
        "depuis des deux dont elle elles encore entre est être fait ils jour jours leur leurs "
        "mais même moins nos notre nous par pas peu peut plus pour quand que quel quelle qui "
        "sans selon ses son sont sous sur tous tout très une vers vos votre vous aber als auch "
        "auf aus bei bis das dass dem den der deren die doch durch ein eine einem einen einer "
        "eines gegen hat ich ihr ihre immer ist jahr jahre jetzt kann kein keine mehr mit nach "
        "nicht noch nun nur oder ohne schon sich sie sind soll über und uns unter vom von vor "
        "war warum was wenn werden wer wie wieder will wir wird zum zur zwei años como con "
        "contra cual cuando del desde donde dos ella ellos esta este esto hacia hasta las los "
        "más muy otra otro para pero por porque quién sin sobre sus también tras una uno unos "
        "anos após até com depois diz ela ele elas eles foi isso mas meu não nas onde pela pelo "
        "quando quem sem ser será seu seus sua suas são também tem uma umas vai você alla anche "
        "anni che chi come contro cosa così dal dalla degli dei della delle dello dopo due gli "
        "hanno nel nella nelle non ogni per perché più prima quello questa questo senza sono "
        "suo tra tutti tutto aan ben bij dan dat deze dit door een geen heeft het hij hoe jaar "
        "kan meer met naar niet nog nu ook omdat onder over tegen toen tot uit van veel voor "
        "waar wat wel werd wordt zijn zich zo zonder à la le en de el al il lo da du au et ou "
        "un se si su te ne es er im in zu os as na em um op"
    ).split()
)
